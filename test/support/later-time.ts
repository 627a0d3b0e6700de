import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Resolves once the clock shows a later millisecond. Events of one millisecond are equally old, so
 * that trimming takes all of them for the newest.
 */
export async function laterTime(): Promise<void> {
  const now = Date.now()
  while (Date.now() <= now) await sleep(1)
}
