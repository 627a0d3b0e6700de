import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { HistoryRecord } from './history.ts'

/** A history on disk, a line a record. What is noted stays, whatever happens to the process. */
export class HistoryFile implements Disposable {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  record(record: HistoryRecord): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`)
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}

/** Nothing where the process was killed before its first record. */
export function readHistory(path: string): HistoryRecord[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as HistoryRecord)
}
