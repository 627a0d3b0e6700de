import { AetherError, isAetherError, messageOf, WriteRefusedError } from '../../../core/index.ts'

/** The result codes that we tell apart: https://www.sqlite.org/rescode.html */
const resultCode = {
  error: 1,
  perm: 3,
  busy: 5,
  nomem: 7,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  protocol: 15,
  schema: 17,
  toobig: 18,
  constraint: 19,
  mismatch: 20,
  auth: 23,
  notadb: 26,
} as const

const fileFailures: ReadonlySet<number> = new Set([
  resultCode.busy,
  resultCode.perm,
  resultCode.readonly,
  resultCode.ioerr,
  resultCode.corrupt,
  resultCode.full,
  resultCode.cantopen,
  resultCode.protocol,
  resultCode.notadb,
])

/** True where another connection holds a lock, or held it while we looked: trying again helps. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCodeOf(thrown)
  return code === resultCode.busy || code === resultCode.protocol
}

/** With these a COMMIT may have failed behind its last write. */
const lateFailures: ReadonlySet<number | undefined> = new Set([resultCode.ioerr, resultCode.nomem])

/** What a COMMIT threw: the disk may have all of it even so, and a recovery would find it there. */
export function commitFailure(file: string, thrown: unknown, advice: string): unknown {
  if (!lateFailures.has(resultCodeOf(thrown))) return thrown
  return new AetherError(
    'outcome-unknown',
    `${file} may or may not have been written (${messageOf(thrown)}): check its disk and ${advice}`,
    { cause: thrown },
  )
}

/** Whether it is what {@link commitFailure} makes of such a one. */
export function isUnknown(failure: unknown): boolean {
  return isAetherError(failure) && failure.code === 'outcome-unknown'
}

/** True where the file can't be read or written, so that no statement is to blame. */
export function isFileFailure(thrown: unknown): boolean {
  const code = resultCodeOf(thrown)
  return code !== undefined && fileFailures.has(code)
}

/** What SQLite threw, in our words: which file, what happened, what to do. Not for a COMMIT. */
export function sqliteFailure(file: string, thrown: unknown): unknown {
  const code = resultCodeOf(thrown)
  if (code === undefined) return thrown
  const reason = messageOf(thrown)
  const unavailable = (what: string): AetherError =>
    new AetherError('store-unavailable', `${file} ${what}`, { cause: thrown })
  const refused = (what: string): AetherError =>
    new WriteRefusedError(`${file} ${what}`, { cause: thrown })
  const incompatible = (what: string): AetherError =>
    new AetherError('incompatible-store', `${file} ${what}`, { cause: thrown })
  switch (code) {
    case resultCode.busy:
    case resultCode.protocol:
      return unavailable('stays locked by another process: end that one, or try again later')
    case resultCode.full:
      return refused('was not written, its disk is full: free some space and repeat')
    case resultCode.ioerr:
      return unavailable(`cannot be read or written (${reason}): check its disk and repeat`)
    case resultCode.cantopen:
    case resultCode.perm:
    case resultCode.readonly:
    case resultCode.auth:
      return refused(
        `cannot be opened for writing (${reason}): give this user write access to it and to its directory`,
      )
    case resultCode.notadb:
      return incompatible('is not a SQLite database: choose another file')
    case resultCode.corrupt:
      return incompatible(`is damaged (${reason}): restore it from a backup`)
    case resultCode.toobig:
      return new AetherError(
        'too-large',
        `an event or a snapshot is too large for ${file} (${reason})`,
        {
          cause: thrown,
        },
      )
    case resultCode.error:
    case resultCode.schema:
    case resultCode.constraint:
    case resultCode.mismatch:
      return incompatible(
        `refused a statement (${reason}): its tables are not as Aether makes them, choose another file`,
      )
    default:
      return unavailable(`failed (${reason}): nothing was stored, try again later`)
  }
}

/** The primary result code; undefined for what SQLite did not throw. */
function resultCodeOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined
  return typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : undefined
}
