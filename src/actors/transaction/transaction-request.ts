import { type ActorId, AetherError, checkedMetadata, noMetadata } from '../../core/index.ts'
import { identify } from '../deciding/command.ts'
import { sinceOf } from '../deciding/earlier-events.ts'
import type { Transaction, TransactionDelivery } from './transaction.ts'

/**
 * What a transaction is besides its actors and its decision.
 * @throws AetherError `invalid-argument`
 */
export function requestOf(
  actorIds: readonly ActorId[],
  options: TransactionDelivery,
): Pick<Transaction, 'name' | 'metadata' | 'identity' | 'since' | 'isUnguarded'> {
  const { name = 'transact', metadata = noMetadata, commandId, input, unguarded = false } = options
  const own = checkedMetadata(metadata)
  checkParticipants(actorIds)
  // By what it is known again.
  const askedFor = input === undefined ? actorIds : { actorIds, input }
  const identity =
    commandId === undefined ? undefined : identify(commandId, 'transact over', askedFor)
  return { name, metadata: own, identity, since: sinceOf(options), isUnguarded: unguarded }
}

function checkParticipants(actorIds: readonly ActorId[]): void {
  const twice = actorIds.find((actorId, index) => actorIds.indexOf(actorId) < index)
  if (actorIds.length > 0 && twice === undefined) return
  const what = twice === undefined ? 'it has none' : `${twice} is there twice`
  throw new AetherError(
    'invalid-argument',
    `a transaction needs actors, each of them once: ${what}`,
  )
}
