import type { AetherError } from '../core/index.ts'

/** Where a text goes: parts, each of one character or more, which may be any Unicode text. */
export type Address = readonly string[]

/** Addresses of as many parts; `undefined` stands for any part. */
export interface AddressPattern {
  readonly parts: readonly (string | undefined)[]
  /** One or more further parts follow. */
  readonly isOpen: boolean
}

/**
 * A port: carries texts to the other processes that have the same place open, at most once. Nothing is
 * kept: who doesn't listen at that moment, or isn't connected, never hears of it.
 */
export interface Broadcast {
  /**
   * A way to an address, to be kept: making it costs more than sending. False: the text was thrown
   * away, as there is no connection or too much is under way. What a sender sends comes to nobody twice,
   * and not to itself; what it sends one after the other arrives in this order.
   * @throws AetherError from the call: `too-large`
   */
  sender(address: Address): (text: string) => boolean

  /**
   * Gives what others send to matching addresses, from about now on, until it is disposed of.
   * @throws AetherError `closed`
   */
  listen(pattern: AddressPattern, take: (text: Uint8Array) => void): Disposable

  /** Tells the observer of everything, for ever. */
  observe(observer: BroadcastObserver): void

  /**
   * Resolves when the server has all that was sent before, and knows of all who listened before. Servers of
   * a cluster tell each other of them a moment later.
   * @throws AetherError `store-unavailable`
   */
  flush(): Promise<void>
}

/** Is told what nobody waits for. */
export interface BroadcastObserver {
  /** The connection was lost: what others send until it is made again doesn't come. */
  readonly interrupted: () => void
  /** Something can't be sent or listened to, until somebody changes that. */
  readonly failed: (error: AetherError) => void
}
