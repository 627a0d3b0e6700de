import { once } from 'node:events'
import type { StoredEvent } from '../core/index.ts'

/** Where results go: lines for people on a terminal, JSON for programs, a value a line. */
export interface Output {
  /** Writes one result, as JSON or as the text made of it; waits while the reader is slow. */
  write<T>(result: T, text: (result: T) => string): Promise<void>
}

/** JSON where it is asked for, or where a program reads. */
export function outputTo(isJson: boolean | undefined): Output {
  const asJson = isJson ?? !process.stdout.isTTY
  return {
    write: (result, text) => writeLine(asJson ? JSON.stringify(result) : text(result)),
  }
}

/** Waits while the reader is slow. */
export async function writeLine(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** What is told on a terminal while something takes long, in one line that is written over. */
export function progressLine(): { tell(text: string): void; end(): void } {
  const { stderr } = process
  if (!stderr.isTTY) return { tell() {}, end() {} }
  return {
    tell: (text) => void stderr.write(`\r\u001B[K${text}`),
    end: () => void stderr.write('\r\u001B[K'),
  }
}

/** `17 account-alice@3 Deposited 2026-11-21T20:00:00.000Z {"amount":5}` */
export function eventLine({ position, actorId, version, type, time, data }: StoredEvent): string {
  return `${position} ${JSON.stringify(actorId).slice(1, -1)}@${version} ${type} ${time} ${JSON.stringify(data)}`
}
