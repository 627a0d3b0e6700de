import { isRejected, type Node } from 'aether'
import { type Line, Order } from './order.ts'
import { Payment } from './payment.ts'
import { Stock } from './stock.ts'

export const actors = [Order, Payment, Stock] as const

export type Shop = Node<(typeof actors)[number]>

/**
 * Places an order and puts aside what it needs, of all products or of none: one decision over the order
 * and its products, one commit. May be repeated.
 */
export async function placeOrder(shop: Shop, id: string, lines: readonly Line[]): Promise<void> {
  const order = shop.get(Order, id)
  const products = lines.map(({ product }) => shop.get(Stock, product))
  await shop.transact(
    [order, ...products],
    ([order, ...stocks]) => [
      ...order.decide.place({ lines: [...lines] }),
      ...stocks.flatMap((stock, index) =>
        stock.decide.reserve({ order: id, count: lines[index]?.count ?? 0 }),
      ),
    ],
    { commandId: `${id}/place`, input: lines },
  )
}

/** What came of an attempt to pay. */
export type PaymentOutcome = 'paid' | 'declined' | 'refunded'

/** Charges the card, and gives the money back where the order was cancelled meanwhile. May be repeated. */
export async function payOrder(
  shop: Shop,
  id: string,
  { payment, card }: { readonly payment: string; readonly card: string },
): Promise<PaymentOutcome> {
  const { total: cents } = (await shop.state(shop.get(Order, id))).state
  const money = shop.get(Payment, payment)
  const captured = await money.capture(
    { order: id, cents, card },
    { commandId: `${payment}/capture` },
  )
  if (captured.reply === 'declined') return 'declined'
  try {
    await shop.get(Order, id).pay({ payment, cents }, { commandId: `${payment}/pay` })
    return 'paid'
  } catch (error) {
    if (!isRejected(error, Order, 'pay')) throw error
    await money.refund({ reason: error.rejection }, { commandId: `${payment}/refund` })
    return 'refunded'
  }
}

/** Cancels an order that the customer doesn't want any more. May be repeated. */
export async function cancelOrder(shop: Shop, id: string, reason: string): Promise<void> {
  await shop.get(Order, id).cancel({ reason }, { commandId: `${id}/cancel` })
}

/** Cancels an order that is still unpaid, and leaves any other as it is. May be repeated. */
export async function expireOrder(shop: Shop, id: string): Promise<void> {
  await shop.get(Order, id).expire(undefined, { commandId: `${id}/expire` })
}
