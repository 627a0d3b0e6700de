import { type ChildProcess, spawn } from 'node:child_process'

const WATCHDOG_SCRIPT = `
trap '' HUP INT TERM
pid=
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -KILL "$pid"
rm -rf "$1" || rm -rf "$1"
`

/**
 * A shell that outlives the test process by a moment: the end of its input is the end of that
 * process, even by SIGKILL, and then it ends the guarded server and deletes the folder.
 */
export class Watchdog {
  readonly #shell: ChildProcess

  constructor(folder: string) {
    this.#shell = spawn('sh', ['-c', WATCHDOG_SCRIPT, 'watchdog', folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // what a terminal or a CI sends to the whole group isn't meant for it
    })
    this.#shell.unref()
  }

  /** Only ever a process that this test process started and that still runs. */
  guard(pid: number | undefined): void {
    this.#shell.stdin?.write(`${pid ?? ''}\n`)
  }

  close(): void {
    this.#shell.kill('SIGKILL')
  }
}
