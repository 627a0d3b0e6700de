import type { DeliveryOptions } from '../deciding/command.ts'
import type { ActorModel } from '../definition/model.ts'
import type { Sending } from './letter.ts'
import type { LiveActor } from './live-actor.ts'

/** A command on its way to become a letter. */
export interface Order extends Sending {
  readonly model: ActorModel
  /** The actor where it was in memory already. */
  readonly found: LiveActor | undefined
  readonly options: DeliveryOptions
}
