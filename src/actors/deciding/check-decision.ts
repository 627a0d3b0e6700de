import { AetherError } from '../../core/index.ts'

/**
 * The compiler lets a decision be nothing but a refusal, events or nothing; JavaScript may give anything.
 * @throws AetherError `invalid-definition`
 */
export function checkDecision(decision: unknown): void {
  if (decision === undefined || decision === null) return
  if (decision instanceof Promise) {
    decision.catch(() => {})
    throw new AetherError('invalid-definition', 'it must be synchronous, but gave a promise')
  }
  if (!Array.isArray(decision)) {
    checkPart(decision)
    return
  }
  for (const part of decision) checkPart(part)
}

/** An event or a refusal: each says by a text what it is. */
function checkPart(part: unknown): void {
  if (typeof part === 'object' && part !== null) {
    const { type, code } = part as { readonly type?: unknown; readonly code?: unknown }
    if (typeof type === 'string' || typeof code === 'string') return
  }
  const message = `it must give events, made by what it is given for that, reject(…) or nothing, but gave ${shown(part)}`
  throw new AetherError('invalid-definition', message)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (typeof value === 'object' && value !== null) return 'an object that is none of them'
  return String(value)
}
