import { open } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('where nobody records traces, that of the caller is passed on as it is', async () => {
  await using node = await open({ backend: memory(), actors: [Account] })
  const alice = node.get(Account, 'alice')
  const metadata = { traceparent, tracestate: 'vendor=1' }
  const { events } = await alice.open({ owner: 'Alice' }, { metadata })
  expect(events[0]?.metadata).toEqual(metadata)
  expect((await alice.deposit({ amount: 5 })).events[0]?.metadata).toEqual({})
})
