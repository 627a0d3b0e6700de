/**
 * Every error code that Aether raises: callers branch on the code, never on a text.
 * `retryable` says whether repeating the very same call (with the same ids) can succeed.
 */
export const errorCodes = {
  'invalid-argument': { retryable: false, meaning: 'An argument or option is out of its range.' },
  'invalid-actor-id': {
    retryable: false,
    meaning: 'An actor type or key is empty, too long or malformed.',
  },
  'invalid-json': {
    retryable: false,
    meaning: 'A value is not JSON, or would not survive being stored as JSON.',
  },
  'invalid-input': {
    retryable: false,
    meaning: 'The input of a command or query does not match its schema, or none is asked for.',
  },
  'invalid-event': {
    retryable: false,
    meaning: 'A decision made an event that does not match its schema.',
  },
  'invalid-definition': { retryable: false, meaning: 'An actor definition contradicts itself.' },
  'unknown-actor-type': {
    retryable: false,
    meaning: 'No definition with this actor type is running here.',
  },
  'unknown-command': { retryable: false, meaning: 'The actor type has no command of this name.' },
  'unknown-query': { retryable: false, meaning: 'The actor type has no query of this name.' },
  'unknown-projection': {
    retryable: false,
    meaning: 'No view, projection or policy of this name runs here or is watched.',
  },
  'unknown-document': { retryable: false, meaning: 'The view has no document under this key.' },
  'unknown-position': {
    retryable: false,
    meaning:
      'The log ends before this position, or has another event there: it is of another log, or this one was set back.',
  },
  'reader-stopped': {
    retryable: true,
    meaning:
      'A view, projection or policy fails for too many actors to go on: mend the cause; it tries again.',
  },
  'held-back': {
    retryable: true,
    meaning:
      'A view does not show this position: its actor is held back, as an event of it failed.',
  },
  'command-rejected': {
    retryable: false,
    meaning: 'The actor refused the command: a decision of the domain.',
  },
  'id-reused': {
    retryable: false,
    meaning: 'An event id or command id was used before with other content.',
  },
  'version-conflict': { retryable: true, meaning: 'Somebody else wrote to the actor first.' },
  'actor-failed': { retryable: false, meaning: "The actor's own code (decide or evolve) threw." },
  'actor-quarantined': {
    retryable: false,
    meaning:
      "The actor's own code failed again and again: mend it, then resume the actor; once a minute one command is tried.",
  },
  'projection-failed': {
    retryable: false,
    meaning: 'A handler of an inline projection threw at the event: it was not stored.',
  },
  'malformed-event': {
    retryable: false,
    meaning: 'A stored event cannot be read; replay stopped there.',
  },
  'history-trimmed': {
    retryable: false,
    meaning: "Events of the actor that are needed were removed by the store's retention.",
  },
  'import-refused': {
    retryable: false,
    meaning:
      'A line of an import cannot be read, or contradicts what is stored; all before it was imported.',
  },
  'too-large': { retryable: false, meaning: 'More bytes, depth or events than the bound allows.' },
  'unsupported-encoding': {
    retryable: false,
    meaning: 'The body of an HTTP request is compressed: send it as it is.',
  },
  'unsupported-transfer-coding': {
    retryable: false,
    meaning:
      'The body of an HTTP request is transferred in another way than in chunks: send it as it is.',
  },
  overloaded: {
    retryable: true,
    meaning: 'Too much waits already: for one actor, for one subscriber or for the store.',
  },
  timeout: {
    retryable: true,
    meaning:
      'The actor did not get to the command in time, which was taken back and did nothing; or what was read did not come, or a projection did not get to a position.',
  },
  'store-unavailable': {
    retryable: true,
    meaning: 'The store cannot be reached; nothing was stored.',
  },
  'outcome-unknown': {
    retryable: true,
    meaning:
      'Time or the connection was lost mid-write; repeating with the same ids is safe, as long as they are remembered.',
  },
  'incompatible-store': {
    retryable: false,
    meaning: 'The file, stream or server is not one Aether can use.',
  },
  'not-permitted': {
    retryable: false,
    meaning: 'The login at the store may not do this; nothing was stored.',
  },
  'missing-dependency': { retryable: false, meaning: 'An optional package is not installed.' },
  'cannot-listen': {
    retryable: false,
    meaning: 'The address of the HTTP gateway cannot be bound.',
  },
  'invalid-module': {
    retryable: false,
    meaning: 'A module given to the command line cannot be run as a node.',
  },
  'unknown-route': { retryable: false, meaning: 'The HTTP gateway has nothing at this path.' },
  'method-not-allowed': {
    retryable: false,
    meaning: 'The path exists, but not for this HTTP method.',
  },
  'forbidden-origin': {
    retryable: false,
    meaning:
      'The Host or Origin of an HTTP request is not this gateway: a web page elsewhere may be behind it.',
  },
  internal: { retryable: false, meaning: 'An error that Aether did not expect: please report it.' },
  closed: { retryable: false, meaning: 'The node or store was closed.' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>

/** What callers branch on. */
export type ErrorCode = keyof typeof errorCodes

const brand = Symbol.for('aether.error')

/** The base of every error that Aether raises on purpose. */
export class AetherError extends Error {
  readonly code: ErrorCode
  /** Whether it can succeed when the same is asked again, with the same ids. */
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.retryable = errorCodes[code].retryable
  }

  get [brand](): true {
    return true
  }
}

/** True for errors of Aether, also of another copy of the library in the same process. */
export function isAetherError(error: unknown): error is AetherError {
  return error instanceof Error && brand in error
}

/** What a validator found wrong, and where. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** `invalid-input`: a command's schema refuses the input. */
export class InvalidInputError extends AetherError {
  readonly issues: readonly Issue[]

  constructor(what: string, issues: readonly Issue[]) {
    super('invalid-input', `${what}: ${describeIssues(issues)}`)
    this.issues = issues
  }
}

/** `invalid-event`: a decision made an event that its schema refuses. */
export class InvalidEventError extends AetherError {
  readonly issues: readonly Issue[]

  constructor(what: string, issues: readonly Issue[]) {
    super('invalid-event', `${what}: ${describeIssues(issues)}`)
    this.issues = issues
  }
}

/** `version-conflict`: somebody else wrote to the actor first. */
export class VersionConflictError extends AetherError {
  readonly actorId: string
  readonly expectedVersion: number | 'any'
  readonly currentVersion: number

  constructor(actorId: string, expectedVersion: number | 'any', currentVersion: number) {
    super(
      'version-conflict',
      `${actorId} is at version ${currentVersion}, not at the expected ${expectedVersion}: read it again and decide anew`,
    )
    this.actorId = actorId
    this.expectedVersion = expectedVersion
    this.currentVersion = currentVersion
  }
}

/** `command-rejected`: the actor refused, with `reject(code, details)`. */
export class CommandRejectedError extends AetherError {
  /** Who decided; undefined where several did together: see `actorIds`. */
  readonly actorId: string | undefined
  /**
   * All over whom it was decided, in the order in which they were named: one, or those of a `transact`. Where a
   * command refused that was asked in a `transact`, the one whose command it is.
   */
  readonly actorIds: readonly string[]
  readonly command: string
  /** The code that the actor gave to `reject`. */
  readonly rejection: string
  /** The details that the actor gave to `reject`. */
  readonly details: unknown

  constructor(
    actors: string | readonly string[],
    command: string,
    rejection: string,
    details: unknown,
  ) {
    const actorIds = [actors].flat()
    super('command-rejected', `${actorIds.join(' and ')} rejected ${command}: ${rejection}`)
    this.actorId = onlyOne(actorIds)
    this.actorIds = actorIds
    this.command = command
    this.rejection = rejection
    this.details = details
  }
}

/** `actor-failed`: the actor's own code threw; the `cause` is what it threw. */
export class ActorFailedError extends AetherError {
  /** Whose code it is; undefined where it decided over several: see `actorIds`. */
  readonly actorId: string | undefined
  /** All over whom it was to decide, in the order in which they were named: one, or those of a `transact`. */
  readonly actorIds: readonly string[]
  readonly step: string

  constructor(actors: string | readonly string[], step: string, cause: unknown) {
    const actorIds = [actors].flat()
    super('actor-failed', `${actorIds.join(' and ')} failed in ${step}: ${messageOf(cause)}`, {
      cause,
    })
    this.actorId = onlyOne(actorIds)
    this.actorIds = actorIds
    this.step = step
  }
}

interface MalformedEventInit {
  readonly actorId?: string
  readonly position: number
  readonly lastPosition?: number
  readonly raw: string
  readonly cause: unknown
}

/** `malformed-event`: what is stored at a position is no event that can be read. */
export class MalformedEventError extends AetherError {
  readonly actorId: string | undefined
  readonly position: number
  /** The last position that it takes up in the log: reading goes on behind it. */
  readonly lastPosition: number
  /** What is stored there, as text. */
  readonly raw: string

  constructor(init: MalformedEventInit) {
    const where = init.actorId ? ` of ${init.actorId}` : ''
    super(
      'malformed-event',
      `the event${where} at position ${init.position} cannot be read: ${messageOf(init.cause)}`,
      { cause: init.cause },
    )
    this.actorId = init.actorId
    this.position = init.position
    this.lastPosition = init.lastPosition ?? init.position
    this.raw = init.raw
  }
}

/** `import-refused`: a line can't be imported; all before it was, nothing behind it. */
export class ImportRefusedError extends AetherError {
  /** Counted from 1. */
  readonly line: number

  constructor(line: number, reason: string, cause?: unknown) {
    super('import-refused', `line ${line}: ${reason}`, { cause })
    this.line = line
  }
}

/** `store-unavailable`: the store answers and takes no events, as its disk is full or may not be written. */
export class WriteRefusedError extends AetherError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('store-unavailable', message, options)
  }
}

/** The text of whatever was thrown, which may be nothing that has one. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return 'something without a text was thrown'
  }
}

function onlyOne(ids: readonly string[]): string | undefined {
  return ids.length === 1 ? ids[0] : undefined
}

function describeIssues(issues: readonly Issue[]): string {
  return issues
    .map((issue) => (issue.path ? `${issue.path}: ${issue.message}` : issue.message))
    .join('; ')
}
