import { SingleBar } from 'cli-progress'
import type { ImportProgress } from './import.ts'

/** A bar on the error output, for people only: nothing where no terminal shows it. */
export class ProgressBar implements Disposable {
  readonly #bar = new SingleBar({
    format:
      '{bar} {percentage}%  {value}/{total} commits  {events} new events  {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    etaBuffer: 500,
    fps: 10,
    hideCursor: true,
    stream: process.stderr,
  })

  constructor(commits: number) {
    this.#bar.start(commits, 0, { events: 0 })
  }

  show({ commits, newEvents }: ImportProgress): void {
    this.#bar.update(commits, { events: newEvents })
  }

  [Symbol.dispose](): void {
    this.#bar.stop()
  }
}
