import type { ActorId } from '../core/index.ts'
import type { Address, AddressPattern } from '../store/index.ts'

/** Stands where there is no actor; no type of actors begins with it. */
const nobody = '-'

/** What begins the address of a message, and of a notice. */
const message = 'message'
const stored = 'stored'

/** The namespace stands last, as `>` in it stands for any number of parts. */
export function addressOfMessage(
  namespace: readonly string[],
  type: string,
  actorType: string | undefined,
): Address {
  return [message, type, actorType ?? nobody, ...namespace]
}

/** Of the notices of events of one type of actors. */
export function addressOfStored(actorType: string): Address {
  return [stored, actorType]
}

/** Messages by namespace, type and type of actor; undefined stands for any. */
export function messagesOf(
  { parts, isOpen }: AddressPattern,
  type: string | undefined,
  actorType: string | undefined,
): AddressPattern {
  return { parts: [message, type, actorType, ...parts], isOpen }
}

/** Notices by type of actor; undefined stands for any. */
export function storedOf(actorType: string | undefined): AddressPattern {
  return { parts: [stored, actorType], isOpen: false }
}

/** The type in an actor id that was checked. */
export function actorTypeOf(actorId: ActorId): string {
  return actorId.slice(0, actorId.indexOf('-'))
}
