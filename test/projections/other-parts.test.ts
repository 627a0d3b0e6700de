import { type Node, open, view } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { Account } from './bank.ts'

const patience = { timeoutMs: 60_000 }

/** A view of a version whose actors are spread over so many parts; it can't take deposits of 6. */
function balances(version: number, parts: number) {
  return view({
    name: 'balances',
    version,
    parts,
    actors: [Account],
    state: { balance: 0 },
    retries: 0,
    on: {
      Deposited: ({ balance }, { data: { amount } }) => {
        if (amount === 6) throw new RangeError('6 is poison')
        return { balance: balance + amount }
      },
    },
  })
}

type View = ReturnType<typeof balances>
type Backend = ReturnType<typeof memory>

async function openWith(projection: View, backend: Backend): Promise<Node<typeof Account>> {
  return open({ backend, actors: [Account], projections: [projection], logger: silent })
}

/** Paused, so that the build of the code before is what is read. */
async function openPaused(projection: View, backend: Backend): Promise<Node<typeof Account>> {
  const node = await openWith(projection, backend)
  const isPaused = async (): Promise<boolean> =>
    (await node.projection(projection).status()).state === 'paused'
  await until(isPaused, { description: 'it is paused', ...patience })
  expect(await node.projection(projection).status()).toMatchObject({ build: 1 })
  return node
}

describe.each([
  [8, 2],
  [2, 8],
])('a build of %i parts, seen by code of %i', (before, after) => {
  const [Old, New] = [balances(1, before), balances(2, after)]
  const keys = Array.from({ length: 6 }, (_, n) => `a${n}`)

  test('is as far as all of its parts are', async () => {
    const backend = memory()
    await using old = await openWith(Old, backend)
    await old.get(Account, 'alice').deposit({ amount: 1 })
    await old.projection(Old).pause()
    await using node = await openPaused(New, backend)
    const end = await node.events.lastPosition()
    const table = await node.events.table('view-balances-1')
    const goTo = async (part: number, position: number): Promise<void> => {
      const key = `progress/${part}`
      const revision = (await table.get(key))?.revision
      expect(await table.put(key, JSON.stringify({ position }), revision)).toBeDefined()
    }
    // One of those that only the code of more parts knows is behind, where there is one.
    for (let part = 0; part < before; part++) await goTo(part, part < 2 ? end : 0)
    const isThere = before <= 2
    const reached = node.projection(New).reached(end, { timeoutMs: isThere ? 60_000 : 300 })
    if (isThere) await reached
    else await expect(reached).rejects.toMatchObject({ code: 'timeout' })
    const { position } = await node.projection(New).status()
    expect(position).toBe(isThere ? end : 0)
  })

  test('shows all whom it holds back, and lets them go', async () => {
    const backend = memory()
    await using old = await openWith(Old, backend)
    for (const key of keys) await old.get(Account, key).deposit({ amount: 6 })
    await until(async () => (await old.projection(Old).status()).parked === keys.length, {
      description: 'all are parked',
      ...patience,
    })
    await old.projection(Old).pause()
    await using node = await openPaused(New, backend)
    const handle = node.projection(New)
    const ids = keys.map((key) => `account-${key}`)
    expect((await handle.status()).parked).toBe(keys.length)
    expect((await handle.parked()).map(({ actorId }) => actorId).toSorted()).toEqual(ids)
    for (const id of ids) expect(await handle.retry(id)).toBe(true)
    expect((await handle.retryAll()).toSorted()).toEqual(ids)
    for (const id of ids) expect(await handle.skip(id, 'counted twice')).toBe(true)
  })
})

test('code of other parts under the same version is not run, and says so', async () => {
  const backend = memory()
  const [Eight, Two] = [balances(1, 8), balances(1, 2)]
  {
    await using node = await openWith(Eight, backend)
    const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
    await node.projection(Eight).reached(position, patience)
  }
  await using node = await openWith(Two, backend)
  const isFailed = async (): Promise<boolean> =>
    (await node.projection(Two).status()).state === 'failed'
  await until(isFailed, { description: 'it is not run', ...patience })
  const { error } = await node.projection(Two).status()
  expect(error).toMatchObject({
    code: 'reader-stopped',
    message: expect.stringContaining('begun with parts: 8, not 2: raise the version, or rebuild'),
  })
  await node.projection(Two).rebuild()
  const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
  const isRebuilt = async (): Promise<boolean> => (await node.projection(Two).status()).build === 2
  await until(isRebuilt, { description: 'it was made anew', ...patience })
  await node.projection(Two).reached(position, patience)
  expect(await node.view(Two).get('alice')).toEqual({ balance: 2 })
})

function ignore(): void {}
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
