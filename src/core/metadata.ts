import { AetherError } from './errors.ts'

/**
 * What is known about an event besides its data: text by name. These names have a meaning:
 * `correlationId`, `causationId`, `commandId`, `userId`, `traceparent` and `tracestate` (W3C).
 */
export type Metadata = Readonly<Record<string, string>>

export const noMetadata: Metadata = Object.freeze({})

/** @throws AetherError `invalid-argument` unless every member is text. */
export function checkMetadata(metadata: Metadata): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === 'string' && name !== '__proto__') continue
    throw new AetherError(
      'invalid-argument',
      `metadata ${JSON.stringify(name)} must be text, not ${typeof value}`,
    )
  }
}
