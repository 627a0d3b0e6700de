import { messageOf } from './errors.ts'
import { type Logger, processLogger } from './logger.ts'

type Level = keyof Logger

/**
 * The logger, but it never throws: what it is told of has happened, and neither a command that was stored nor
 * whoever waits behind it may fail for it. What it doesn't take becomes a warning of the process.
 * @default warnings of the process
 */
export function steadyLogger(logger: Logger = processLogger): Logger {
  let known = steady.get(logger)
  if (!known) {
    known = new SteadyLogger(logger)
    steady.set(logger, known).set(known, known)
  }
  return known
}

class SteadyLogger implements Logger {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  debug(fields: object, message: string): void {
    this.#tell('debug', fields, message)
  }

  info(fields: object, message: string): void {
    this.#tell('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.#tell('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.#tell('error', fields, message)
  }

  #tell(level: Level, fields: object, message: string): void {
    try {
      const returned: unknown = this.#logger[level](fields, message)
      // The type lets async functions through.
      if (returned instanceof Promise)
        returned.catch((thrown: unknown) => tellProcess(thrown, fields, message))
    } catch (thrown) {
      tellProcess(thrown, fields, message)
    }
  }
}

/** One for each logger, as some things are told to a logger once. */
const steady = new WeakMap<Logger, Logger>([[processLogger, processLogger]])

function tellProcess(thrown: unknown, fields: object, message: string): void {
  processLogger.error(fields, `${message} (the logger that was told failed: ${messageOf(thrown)})`)
}
