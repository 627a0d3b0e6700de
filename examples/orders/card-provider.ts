/** What a card is to be charged with. */
export interface Charge {
  /** The same key is charged once, however often it is asked for. */
  readonly key: string
  readonly card: string
  readonly cents: number
}

export type ChargeAnswer =
  { readonly approved: true } | { readonly approved: false; readonly reason: string }

/** Stands for the provider of a real shop: declines cards that end with 0. */
export async function charge({ card }: Charge, signal: AbortSignal): Promise<ChargeAnswer> {
  signal.throwIfAborted()
  return card.endsWith('0')
    ? { approved: false, reason: 'declined by the bank' }
    : { approved: true }
}
