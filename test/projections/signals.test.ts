import { type Node, open, type ProjectionHandle, silentLogger, view } from 'aether'
import { memory } from 'aether/memory'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Account } from './bank.ts'

let isBroken = true

const Fragile = view({
  name: 'fragile',
  actors: [Account],
  parts: 1,
  retries: 0,
  state: 0,
  on: {
    Deposited: (sum, { data }) => {
      if (isBroken) throw new Error('too much')
      return sum + data.amount
    },
  },
})

/** A node whose view has parked Alice, and was mended since. */
async function start() {
  isBroken = true
  const readers = { projections: [Fragile], logger: silentLogger }
  const node = await open({ backend: memory(), actors: [Account], ...readers })
  onTestFinished(() => node.close())
  const { position } = await node.get(Account, 'alice').deposit({ amount: 5 })
  const handle = node.projection(Fragile)
  await handle.reached(position)
  isBroken = false
  return { node, handle }
}

type Call = (handle: ProjectionHandle, options: { readonly signal?: AbortSignal }) => unknown

const changes: readonly (readonly [name: string, call: Call])[] = [
  ['pause', (handle, options) => handle.pause(options)],
  ['resume', (handle, options) => handle.resume(options)],
  ['rebuild', (handle, options) => handle.rebuild(options)],
  ['rebuild back', (handle, options) => handle.rebuild({ back: true, ...options })],
  ['retry', (handle, options) => handle.retry('account-alice', options)],
  ['retryAll', (handle, options) => handle.retryAll(options)],
  ['skip', (handle, options) => handle.skip('account-alice', 'a test', options)],
]

const looks: readonly (readonly [name: string, call: Call])[] = [
  ['status', (handle, options) => handle.status(options)],
  ['parked', (handle, options) => handle.parked(options)],
]

const view1 = 'view-fragile-1'

/** The store doesn't answer what is asked of these tables until it is let go on. */
async function held(
  node: Node,
  tables: readonly string[] = ['readers', 'members'],
): Promise<{ readonly release: () => void }> {
  const gate = Promise.withResolvers<void>()
  for (const name of tables) {
    const table = await node.events.table(name)
    const get = table.get.bind(table)
    const getMany = table.getMany.bind(table)
    vi.spyOn(table, 'get').mockImplementation(async (key) => {
      await gate.promise
      return get(key)
    })
    vi.spyOn(table, 'getMany').mockImplementation(async (keys) => {
      await gate.promise
      return getMany(keys)
    })
  }
  onTestFinished(() => gate.resolve())
  return { release: gate.resolve }
}

test.each(changes)('%s does nothing for a signal that has aborted', async (_, call) => {
  const { handle } = await start()
  const before = await handle.status()
  const reason = new Error('gone')
  const signal = AbortSignal.abort(reason)
  await expect(call(handle, { signal })).rejects.toBe(reason)
  const { lag: _lag, ...same } = before
  expect(await handle.status()).toMatchObject(same)
})

test.each([...changes, ...looks])(
  '%s waits for a store no longer than its signal',
  async (...each) => {
    const [, call] = each
    const { node, handle } = await start()
    const { release } = await held(node)
    const put = vi.spyOn(await node.events.table('readers'), 'put')
    const leaving = new AbortController()
    const asked = call(handle, { signal: leaving.signal })
    const reason = new Error('gone')
    leaving.abort(reason)
    await expect(asked).rejects.toBe(reason)
    release()
    await handle.status()
    expect(put).not.toHaveBeenCalled()
  },
)

test.each(changes.filter(([name]) => /retry|skip/.test(name)))(
  '%s waits for what is held back no longer than its signal',
  async (_, call) => {
    const { node, handle } = await start()
    await held(node, [view1])
    const put = vi.spyOn(await node.events.table(view1), 'put')
    const leaving = new AbortController()
    const asked = call(handle, { signal: leaving.signal })
    await new Promise(setImmediate)
    leaving.abort(new Error('gone'))
    await expect(asked).rejects.toThrow('gone')
    expect(put).not.toHaveBeenCalled()
  },
)

test.each(changes.filter(([name]) => name !== 'pause'))(
  '%s that was sent is done, whatever its signal says then',
  async (_, call) => {
    const { node, handle } = await start()
    // There are two builds, in one of which it is done.
    await handle.pause()
    await handle.rebuild()
    const leaving = new AbortController()
    for (const name of ['readers', view1]) {
      const table = await node.events.table(name)
      const put = table.put.bind(table)
      vi.spyOn(table, 'put').mockImplementation((...args) => {
        leaving.abort()
        return put(...args)
      })
    }
    await call(handle, { signal: leaving.signal })
    expect(leaving.signal.aborted).toBe(true)
  },
)

test('all readers of a node are looked at no longer than the signal lets', async () => {
  const { node } = await start()
  await held(node)
  const leaving = new AbortController()
  const asked = node.projections({ signal: leaving.signal })
  leaving.abort(new Error('gone'))
  await expect(asked).rejects.toThrow('gone')
})
