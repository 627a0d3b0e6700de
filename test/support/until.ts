import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

export interface UntilOptions {
  /** What is waited for, as it reads after “until”: `the consumer has caught up`. */
  readonly description: string
  /** Long enough for a machine that has much else to do. @default 60000 */
  readonly timeoutMs?: number
  /** The pause between two looks. @default 10 */
  readonly intervalMs?: number
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>

const EXPIRED = Symbol('expired')

/** A condition that didn't come true in time. The last failure of looking, if any, is the `cause`. */
class UntilTimeout extends Error {
  override readonly name = 'UntilTimeout'
}

/**
 * Looks again and again until `condition` gives something truthy, and resolves with it.
 *
 * A look that throws counts as “not yet”, so that assertions can be conditions. The bound holds
 * for a look that never ends too. Faked timers don't stop it.
 *
 * @throws UntilTimeout after `timeoutMs`.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { description, timeoutMs = 60_000, intervalMs = 10 }: UntilOptions,
): Promise<Truthy<T>> {
  const done = new AbortController()
  const expiry = sleep(timeoutMs, EXPIRED, { signal: done.signal }).catch(() => EXPIRED)
  let failure: unknown
  try {
    for (;;) {
      const look = await Promise.race([lookAt(condition), expiry])
      if (typeof look !== 'symbol') {
        if (look.value) return look.value as Truthy<T>
        failure = look.failure
      }
      if ((await Promise.race([sleep(intervalMs), expiry])) === EXPIRED) break
    }
  } finally {
    done.abort()
  }
  throw new UntilTimeout(`waited ${timeoutMs} ms in vain until ${description}${because(failure)}`, {
    cause: failure,
  })
}

/**
 * {@link until} `check` throws no more: for what is expected of something that may be a moment late.
 *
 * @throws UntilTimeout after `timeoutMs`.
 */
export async function untilHolds(
  check: () => Promise<unknown>,
  options: UntilOptions,
): Promise<void> {
  await until(() => check().then(() => true), options)
}

function because(failure: unknown): string {
  if (failure === undefined) return ''
  const text = failure instanceof Error ? `${failure.name}: ${failure.message}` : inspect(failure)
  return `; the last look failed: ${text}`
}

interface Look<T> {
  readonly value?: T
  readonly failure?: unknown
}

async function lookAt<T>(condition: () => T | Promise<T>): Promise<Look<T>> {
  try {
    return { value: await condition() }
  } catch (failure) {
    return { failure }
  }
}
