import { once } from 'node:events'

/** Who takes longer to end will never end. */
const endTimeoutMs = 60_000

/**
 * The other side of a `WorkingProcess`: opens what it is told to, and closes that when its parent lets
 * go of it or is gone.
 */
export function workUntilLeft(open: (task: never) => Promise<{ close(): Promise<void> }>): void {
  const left = untilLeft()
  const work = async (task: unknown): Promise<void> => {
    const opened = await open(task as never)
    if (process.connected) process.send?.('open')
    await left
    await opened.close()
  }
  process.once('message', (task) => void work(task))
}

/**
 * Resolves when the parent lets go of this process or is gone, which then ends within a minute. To be
 * called before anything is waited for: else nobody hears it if that happens meanwhile.
 */
export async function untilLeft(): Promise<void> {
  if (process.connected) await once(process, 'disconnect')
  setTimeout(() => process.exit(1), endTimeoutMs).unref()
}
