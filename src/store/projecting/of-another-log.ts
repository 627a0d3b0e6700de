import { AetherError } from '../../core/index.ts'
import type { LogIdentity } from '../log-identity.ts'

/** What a target has, and of which log that is made. */
export interface Found {
  /** The target's name, for people. */
  readonly target: string
  readonly projection: string
  readonly log: LogIdentity
}

/**
 * The refusal to go on with what was made of another log: its positions mean nothing in this one.
 * @param log this one, undefined where it has no identity
 */
export function ofAnotherLog(found: Found, log: LogIdentity | undefined): AetherError {
  const { target, projection } = found
  const own = log ? described(log) : 'a log that ends with its process'
  const message = `${target} has the projection ${projection} of another log, ${described(found.log)}, and this is ${own}: it is left as it is. If one of the two places is the wrong one, correct it; if it is to be made anew of this log, say rebuild(), or \`aether projection rebuild\`, or remove what is there`
  return new AetherError('incompatible-store', message)
}

function described({ name, id }: LogIdentity): string {
  return `${name} (id ${id})`
}
