import { open } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { Account } from './bank.ts'
import { transfer } from './transfer.ts'

test('a transfer moves money once, however often it is repeated', async () => {
  await using bank = await open({ backend: memory(), actors: [Account] })
  for (const name of ['alice', 'bob']) await bank.get(Account, name).open({ owner: name })
  await bank.get(Account, 'alice').deposit({ amount: 100 })
  const order = { id: 't-1', from: 'alice', to: 'bob', amount: 30 }
  await Promise.all([transfer(bank, order), transfer(bank, order)])
  await transfer(bank, order)
  expect((await bank.state(bank.get(Account, 'alice'))).state.balance).toBe(70)
  expect((await bank.state(bank.get(Account, 'bob'))).state.balance).toBe(30)
})

test('a transfer that was interrupted in the middle is finished by repeating it', async () => {
  await using bank = await open({ backend: memory(), actors: [Account] })
  for (const name of ['alice', 'bob']) await bank.get(Account, name).open({ owner: name })
  const alice = bank.get(Account, 'alice')
  await alice.deposit({ amount: 100 })
  await alice.sendTransfer({ transfer: 't-1', to: 'bob', amount: 30 }, { commandId: 't-1/send' })
  await transfer(bank, { id: 't-1', from: 'alice', to: 'bob', amount: 30 })
  expect((await bank.state(bank.get(Account, 'alice'))).state.balance).toBe(70)
  expect((await bank.state(bank.get(Account, 'bob'))).state.balance).toBe(30)
})

test('a transfer that the receiver refuses comes back', async () => {
  await using bank = await open({ backend: memory(), actors: [Account] })
  const alice = bank.get(Account, 'alice')
  await alice.open({ owner: 'alice' })
  await alice.deposit({ amount: 100 })
  const order = { id: 't-1', from: 'alice', to: 'nobody', amount: 30 }
  await expect(transfer(bank, order)).rejects.toMatchObject({ rejection: 'not-open' })
  await expect(transfer(bank, { ...order, id: 't-2', amount: 500 })).rejects.toMatchObject({
    rejection: 'insufficient-funds',
  })
  expect((await bank.state(bank.get(Account, 'alice'))).state.balance).toBe(100)
})
