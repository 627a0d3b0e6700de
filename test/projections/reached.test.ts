import { type ErrorCode, type Node, open } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { Account, Balances } from './bank.ts'

function opened(): Promise<Node<typeof Account>> {
  return open({ backend: memory(), actors: [Account], projections: [Balances] })
}

test('whoever waits for a position gives up in time', async () => {
  await using node = await opened()
  await expect(node.projection(Balances).reached(1, { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'timeout',
  })
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(node.projection(Balances).reached(1, { signal })).rejects.toBe(reason)
})

test('whoever waits for a position gives up as soon as its signal aborts, also at the first look', async () => {
  await using node = await opened()
  const leaving = new AbortController()
  const { signal } = leaving
  const waiting = node.projection(Balances).reached(1, { signal, timeoutMs: 60_000 })
  const reason = new Error('enough')
  leaving.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})

test.each([Infinity, 30 * 86_400_000])(
  'whoever waits for a position for at most %s ms waits as long',
  async (timeoutMs) => {
    await using node = await opened()
    const patient = node.projection(Balances).reached(1, { timeoutMs })
    const impatient = node.projection(Balances).reached(1, { timeoutMs: 50 })
    await expect(impatient).rejects.toMatchObject({ code: 'timeout' })
    await node.get(Account, 'alice').deposit({ amount: 1 })
    await patient
  },
)

test('whoever waits for a position is told that the node was closed', async () => {
  const node = await opened()
  await node.get(Account, 'alice').deposit({ amount: 1 })
  await node.projection(Balances).reached(1)
  const waiting = node.projection(Balances).reached(2, { timeoutMs: Infinity })
  const told = expect(waiting).rejects.toMatchObject({ code: 'closed' satisfies ErrorCode })
  await node.close()
  await told
})
