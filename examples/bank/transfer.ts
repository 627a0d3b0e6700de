import { isRejected, type Node } from 'aether'
import { Account } from './bank.ts'

export interface Transfer {
  /** Names the transfer, so that repeating it moves the money once. */
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amount: number
}

/**
 * Moves money from one account to another: two commands, each of them once, however often this is
 * repeated with the same id. What the receiver refuses goes back to the sender.
 */
export async function transfer(
  bank: Node<typeof Account>,
  { id, from, to, amount }: Transfer,
): Promise<void> {
  const sender = bank.get(Account, from)
  const receiver = bank.get(Account, to)
  await sender.sendTransfer({ transfer: id, to, amount }, { commandId: `${id}/send` })
  try {
    await receiver.receiveTransfer({ transfer: id, from, amount }, { commandId: `${id}/receive` })
  } catch (error) {
    if (!isRejected(error, Account, 'receiveTransfer')) throw error
    await sender.receiveTransfer({ transfer: id, from: to, amount }, { commandId: `${id}/return` })
    throw error
  }
}
