import type { ClientLibrary } from './client-library.ts'
import { NotConnected } from './nats-link.ts'

/** What a failed request means for who sent it. */
export type Failure =
  /** It was not sent. */
  | { readonly kind: 'not-sent' }
  /** It was sent, and nobody was there to receive it. */
  | { readonly kind: 'no-responders' }
  /** It was sent, and nobody knows what became of it. */
  | { readonly kind: 'unanswered' }
  /** JetStream refused it; `code` is its `err_code`. */
  | { readonly kind: 'refused'; readonly code: number }
  /** The login may not do it. */
  | { readonly kind: 'forbidden' }

/** Sorts whatever the client throws: it wraps what it means in one or two causes. */
export function failureOf(error: unknown, { transport, jetstream }: ClientLibrary): Failure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof jetstream.JetStreamApiError) return { kind: 'refused', code: cause.code }
    if (cause instanceof transport.PermissionViolationError) return { kind: 'forbidden' }
    if (cause instanceof transport.NoRespondersError) return { kind: 'no-responders' }
    if (cause instanceof transport.ClosedConnectionError) return { kind: 'not-sent' }
    if (cause instanceof NotConnected) return { kind: 'not-sent' }
  }
  return { kind: 'unanswered' }
}

/** The `err_code`s of JetStream that mean something here: `server/errors.json` of nats-server. */
export const jetStreamCodes = {
  accountLimitReached: 10_002,
  noPeersForPlacement: 10_005,
  notClustered: 10_006,
  temporarilyUnavailable: 10_008,
  insufficientResources: 10_023,
  noMessageFound: 10_037,
  notEnabledForAccount: 10_039,
  insufficientStorage: 10_047,
  messageTooLarge: 10_054,
  streamNameInUse: 10_058,
  streamNotFound: 10_059,
  subjectsOverlap: 10_065,
  wrongLastSequence: 10_071,
  replicasNotSupported: 10_074,
  notEnabled: 10_076,
  storeFailed: 10_077,
  consumerAlreadyExists: 10_148,
  duplicateInProcess: 10_158,
  wrongLastSequenceInProcess: 10_164,
  tooManyRequests: 10_167,
  batchIncomplete: 10_176,
  batchTooLarge: 10_199,
  batchContainsDuplicate: 10_201,
  tooManyBatches: 10_210,
} as const
