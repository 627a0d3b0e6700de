import type { Logger } from '../core/index.ts'

/** One thing that a logger was told. */
export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: object
}

/** A logger that keeps what it is told, oldest first. */
export class Logbook implements Logger {
  readonly entries: LogEntry[] = []

  /** The texts alone. */
  get messages(): readonly string[] {
    return this.entries.map(({ message }) => message)
  }

  debug(fields: object, message: string): void {
    this.entries.push({ level: 'debug', message, fields })
  }

  info(fields: object, message: string): void {
    this.entries.push({ level: 'info', message, fields })
  }

  warn(fields: object, message: string): void {
    this.entries.push({ level: 'warn', message, fields })
  }

  error(fields: object, message: string): void {
    this.entries.push({ level: 'error', message, fields })
  }
}
