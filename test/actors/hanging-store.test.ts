import { setTimeout as sleep } from 'node:timers/promises'
import { actor, type Backend, open, policy } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { watchedStore } from './watched-store.ts'

const Lamp = actor('lamp', {
  state: { switched: 0 },
  events: { Switched: z.object({}) },
  evolve: { Switched: ({ switched }) => ({ switched: switched + 1 }) },
  commands: { toggle: { decide: (_state, _command, on) => on.Switched({}) } },
  queries: { count: { answer: ({ switched }) => switched } },
})

const timeoutMs = 100

test('a policy reads for as long as the store tries, and holds nothing back for that', async () => {
  const backend = watchedStore('loadSnapshot', () => sleep(3 * timeoutMs))
  const seen: unknown[] = []
  let tries = 0
  const Watching = policy({
    name: 'watching',
    actors: [Lamp],
    on: {
      Switched: async (_event, { get, state }) => {
        tries++
        seen.push((await state(get(Lamp, 'other'))).version, await get(Lamp, 'third').count())
      },
    },
  })
  const limits = { commandTimeoutMs: timeoutMs }
  await using node = await open({ backend, actors: [Lamp], policies: [Watching], limits })
  await node.events.append('lamp-one', [{ type: 'Switched', data: {} }], { expectedVersion: 0 })
  await node.projection(Watching).reached(1)
  expect({ tries, seen }).toEqual({ tries: 1, seen: [0, 0] })
})

/** A backend whose store and agenda answer nothing from some moment on. */
class Hanging implements Backend {
  readonly name = 'hanging'
  isSilent = false
  /** Of what is read. */
  signal: AbortSignal | undefined

  async openStore(...given: Parameters<Backend['openStore']>) {
    const store = await memory().openStore(...given)
    const agenda = store.agenda && this.#silenced(store.agenda, ['put', 'remove'])
    return this.#silenced(Object.defineProperty(store, 'agenda', { value: agenda }), [
      'read',
      'loadSnapshot',
    ])
  }

  #silenced<T extends object>(part: T, names: readonly string[]): T {
    return new Proxy(part, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        if (!this.isSilent || !names.includes(String(name))) return member.bind(target) as unknown
        return (_: unknown, options?: { readonly signal?: AbortSignal }) => {
          this.signal = options?.signal
          const never = new Promise<never>(() => {})
          const hangs = {
            next: () => never,
            toArray: () => never,
            [Symbol.asyncIterator]: () => hangs,
          }
          return name === 'read' ? hangs : never
        }
      },
    })
  }
}

async function scene() {
  const backend = new Hanging()
  const limits = { commandTimeoutMs: timeoutMs, deliveries: 0 }
  const node = await open({ backend, actors: [Lamp], limits, closeTimeoutMs: 100 })
  const known = node.get(Lamp, 'known')
  await known.toggle()
  onTestFinished(async () => {
    backend.isSilent = false
    await node.close()
  })
  backend.isSilent = true
  return { backend, node, known, unknown: node.get(Lamp, 'unknown') }
}

describe('where the store answers nothing', () => {
  test.for(['known', 'unknown'] as const)(
    'who reads of an actor that is %s here is told in his time',
    async (name) => {
      const { node, [name]: lamp } = await scene()
      const since = performance.now()
      const looks = [node.state(lamp), lamp.count()]
      for (const look of looks) await expect(look).rejects.toMatchObject({ code: 'timeout' })
      expect(performance.now() - since).toBeLessThan(10 * timeoutMs)
    },
  )

  test('what nobody waits for any more is ended', async () => {
    const { backend, node, unknown } = await scene()
    await expect(node.state(unknown)).rejects.toMatchObject({ code: 'timeout' })
    expect(backend.signal?.aborted).toBe(true)
  })

  test('a time of its own counts, and none that is no time', async () => {
    const { known } = await scene()
    const patient = known.count(undefined, { timeoutMs: 60_000 })
    await expect(known.count(undefined, { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'timeout',
    })
    await expect(known.count()).rejects.toMatchObject({ code: 'timeout' })
    await expect(known.count(undefined, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
    await expect(Promise.race([patient, Promise.resolve('waits')])).resolves.toBe('waits')
  })

  test('of what was told, scheduled or cancelled by then, nobody knows whether it was', async () => {
    const { node, known } = await scene()
    const later = { name: 'later', afterMs: 3_600_000, timeoutMs }
    const unknown = { code: 'outcome-unknown' }
    await expect(node.tell(known, 'toggle', undefined, { timeoutMs })).rejects.toMatchObject(
      unknown,
    )
    await expect(node.schedule(known, 'toggle', undefined, later)).rejects.toMatchObject(unknown)
    await expect(node.unschedule(known, 'later', { timeoutMs })).rejects.toMatchObject(unknown)
  })
})
