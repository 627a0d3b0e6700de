import { AetherError } from './errors.ts'

/**
 * What is known about an event besides its data: text by name. These names have a meaning:
 * `correlationId`, `causationId`, `commandId`, `userId`, `traceparent` and `tracestate` (W3C).
 */
export type Metadata = Readonly<Record<string, string>>

export const noMetadata: Metadata = Object.freeze({})

/** An event, as far as what follows from it is concerned. */
interface Cause {
  readonly id: string
  readonly metadata: Metadata
}

/** What an event shares with all that follows from it. */
const passedOn = ['userId', 'traceparent', 'tracestate'] as const

/**
 * The metadata of what follows from an event: caused by it, of the same correlation (which begins
 * with the event where it has none), user and trace. All else was about that event alone.
 */
export function metadataFrom({ id, metadata }: Cause): Metadata {
  const shared = passedOn.flatMap((name) => {
    const value = metadata[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    correlationId: metadata.correlationId ?? id,
    causationId: id,
    ...Object.fromEntries(shared),
  }
}

/**
 * A frozen copy.
 * @throws AetherError `invalid-argument` unless every member is text.
 */
export function checkedMetadata(metadata: Metadata): Metadata {
  if (metadata === noMetadata) return noMetadata
  const copy = Object.freeze({ ...metadata })
  checkMetadata(copy)
  return copy
}

/** @throws AetherError `invalid-argument` unless every member is text. */
export function checkMetadata(metadata: Metadata): void {
  for (const name of Object.keys(metadata)) {
    const value: unknown = metadata[name]
    if (typeof value === 'string' && name !== '__proto__') continue
    throw new AetherError(
      'invalid-argument',
      `metadata ${JSON.stringify(name)} must be text, not ${typeof value}`,
    )
  }
}
