import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test as base } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import type { ActorId } from '../../../core/index.ts'
import type { Claim, ClaimTable } from '../../../store/index.ts'
import { sqlite } from '../index.ts'
import { openClaimTable } from './sqlite-claim-table.ts'

const test = base.extend<{ readonly table: ClaimTable }>({
  table: async ({}, use) => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.db')
    await (await sqlite(file).openStore()).close()
    const table = await openClaimTable(file, 1_000)
    for (const [index, due] of [50, 20, 90, 10, 70, 30, 80, 40, 60].entries()) {
      const actorId: ActorId = `${['order', 'parcel', 'cart'][index % 3]}-${due % 20}`
      const entry = { actorId, kind: 'reminder', name: `${due}`, due, text: '' } as const
      await table.put(entry, () => true)
    }
    await use(table)
    await table.close()
  },
})

const all = ['order', 'parcel', 'cart']

function namesOf(claims: readonly Claim[]): string {
  return claims.map(({ entry }) => entry.name).join(' ')
}

test('what is due longest is claimed first, whichever its type, and not what is not due', async ({
  table,
}) => {
  const wanted = { types: all, now: 65, until: 1_000 }
  assert.equal(namesOf(await table.claim({ ...wanted, limit: 1 })), '10')
  assert.equal(namesOf(await table.claim({ ...wanted, limit: 3 })), '20 30 40')
  assert.equal(namesOf(await table.claim({ ...wanted, limit: 9 })), '50 60')
  assert.equal(namesOf(await table.claim({ ...wanted, limit: 9 })), '')
  const others = { ...wanted, types: ['cart', 'nothing'], now: 100, limit: 9 }
  assert.equal(namesOf(await table.claim(others)), '90')
  assert.equal(await table.nextClaimable(all), 70)
  assert.equal(await table.nextClaimable(['cart', 'nothing']), 1_000)
  assert.equal(await table.nextClaimable(['nothing']), undefined)
})

test('a claim that is over is settled by nobody but who has claimed it since', async ({
  table,
}) => {
  const wanted = { types: all, limit: 1 }
  const [first] = await table.claim({ ...wanted, now: 10, until: 15 })
  const [second] = await table.claim({ ...wanted, now: 15, until: 100 })
  assert.ok(first && second)
  assert.deepEqual([first.claims, second.claims], [1, 2])
  await table.settle(first, undefined)
  assert.equal((await Array.fromAsync(table.list(undefined, Infinity))).length, 9)
  await table.settle(second, undefined)
  assert.equal((await Array.fromAsync(table.list(undefined, Infinity))).length, 8)
})

test('lists the next ones, as many as are wanted', async ({ table }) => {
  const listed = async (actorId: ActorId | undefined, limit: number): Promise<string> => {
    const entries = await Array.fromAsync(table.list(actorId, limit))
    return entries.map(({ name }) => name).join(' ')
  }
  assert.equal(await listed(undefined, 3), '10 20 30')
  assert.equal(await listed(undefined, Infinity), '10 20 30 40 50 60 70 80 90')
  assert.equal(await listed('order-10', Infinity), '10 50')
  assert.equal(await listed('order-10', 1), '10')
  assert.equal(await listed('order-none', 1), '')
})

test('lists more than one look brings', async ({ table }) => {
  for (let count = 0; count < 1_100; count++) {
    const name = `many ${count}`
    // Many of one time, so that pages end among them.
    const due = 100 + Math.floor(count / 400)
    const entry = { actorId: 'order-many', kind: 'reminder', name, due, text: '' } as const
    void table.put(entry, () => true)
  }
  await table.put(
    { actorId: 'cart-last', kind: 'message', name: 'm', due: 1_000, text: '' },
    () => true,
  )
  for (const actorId of [undefined, 'order-many'] as const) {
    const entries = await Array.fromAsync(table.list(actorId, Infinity))
    assert.equal(entries.length, actorId ? 1_100 : 1_110)
    assert.equal(new Set(entries.map(({ name }) => name)).size, entries.length)
    const times = entries.map(({ due }) => due)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    )
  }
})
