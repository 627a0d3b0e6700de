/**
 * Takes what no caller can be told by an answer, such as a snapshot that couldn't be read. A pino
 * logger fits.
 */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * Makes warnings of the process of what needs somebody's attention, and is silent else. Node prints
 * them to stderr, or hands them to `process.on('warning')`.
 */
export const processLogger: Logger = {
  debug() {},
  info() {},
  warn: emitWarning,
  error: emitWarning,
}

/** Says nothing at all, not even what needs somebody's attention. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
}

function emitWarning(fields: object, message: string): void {
  const details = JSON.stringify(fields)
  process.emitWarning(message, {
    type: 'AetherWarning',
    ...(details !== '{}' && { detail: details }),
  })
}
