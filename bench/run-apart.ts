import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Outcome } from './comparison.ts'

/** What a group's process is asked for. */
export interface Order {
  readonly group: string
  readonly word: string
  readonly rounds: number
}

/**
 * act asks for `NODE_ENV`, logs what is below the level, and lets each call of its memory store
 * sleep: 100 ms unless told otherwise.
 */
const environment = { NODE_ENV: 'production', LOG_LEVEL: 'error', SLEEP_MS: '0' }

/**
 * Runs a group in a process of its own. Libraries change what others in their process see: emmett,
 * for one, changes how `pg` parses numbers, at which dcb-es fails.
 */
export async function runApart(order: Order, onOutcome: (outcome: Outcome) => void): Promise<void> {
  const child = fork(join(import.meta.dirname, 'group-process.ts'), process.argv.slice(2), {
    env: { ...process.env, ...environment, AETHER_BENCH_ORDER: JSON.stringify(order) },
  })
  child.on('message', (outcome) => onOutcome(outcome as Outcome))
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`the process of ${order.group} ended with ${code}`)
}
