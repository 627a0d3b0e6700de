import { open } from 'aether'
import { expect, test } from 'vitest'
import { backendKinds } from '../support/backend-kinds.ts'
import { Account } from '../projections/bank.ts'

test.for(backendKinds)(
  'every answer stands at a position in the log behind all that it shows: $name',
  async (kind) => {
    const limits = { commandTimeoutMs: 60_000 }
    await using source = await kind.start()
    const backend = source.fresh()
    await using node = await open({ backend, actors: [Account], limits })
    const alice = node.get(Account, 'alice')
    const first = await alice.deposit({ amount: 5 }, { commandId: 'first' })
    expect(first.position).toBe(first.events.at(-1)?.position)
    const [a, b] = await node.transact([alice, node.get(Account, 'bob')], ([from, to]) => [
      from.on.Withdrawn({ amount: 2 }),
      to.on.Deposited({ amount: 2 }),
    ])
    for (const { position, events } of [a, b]) expect(position).toBe(events.at(-1)?.position)

    expect(await alice.deposit({ amount: 5 }, { commandId: 'first' })).toEqual(first)
    const eventless = await alice.touch(undefined, { commandId: 'none' })
    expect(eventless.position).toBe(a.position)
    await alice.deposit({ amount: 1 })
    expect(await alice.touch(undefined, { commandId: 'none' })).toEqual(eventless)

    // A node that has read the actor anew knows it as well.
    await using other = await open({ backend, actors: [Account], limits })
    const seen = await other.get(Account, 'alice').touch()
    expect(seen.position).toBeGreaterThan(eventless.position)
    expect(seen.position).toBeLessThanOrEqual(await other.events.lastPosition())
    expect((await other.get(Account, 'nobody').touch()).position).toBe(0)
  },
)
