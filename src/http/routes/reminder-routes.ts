import type { Reminder } from '../../actors/index.ts'
import type { ActorId } from '../../core/index.ts'
import type { Node } from '../../node/index.ts'
import { type Exchange, jsonReply, type Reply } from '../exchange/exchange.ts'
import { answerByMethod } from '../exchange/method.ts'
import { limitOf } from '../exchange/page.ts'
import type { Query } from '../exchange/target.ts'

/** What waits for an actor, or for all of the store where none is named. */
export function remindersReply(
  node: Node,
  id: ActorId | undefined,
  exchange: Exchange,
  query: Query,
): Promise<Reply> {
  return answerByMethod(exchange, { GET: () => getReminders(node, id, exchange, query) })
}

/** One reminder of an actor, or a message to it, by its name. */
export function reminderReply(
  node: Node,
  id: ActorId,
  name: string,
  exchange: Exchange,
  query: Query,
): Promise<Reply> {
  return answerByMethod(exchange, { DELETE: () => unschedule(node, id, name, query) })
}

/** A client that leaves ends the look, which goes through all that waits. */
async function getReminders(
  node: Node,
  id: ActorId | undefined,
  { signal }: Exchange,
  query: Query,
): Promise<Reply> {
  return jsonReply(200, await node.reminders(id, { limit: limitOf(query), signal }))
}

async function unschedule(node: Node, id: ActorId, name: string, query: Query): Promise<Reply> {
  // The node refuses any other.
  const kind = (query.get('kind') ?? 'reminder') as Reminder['kind']
  const unscheduled = await node.unschedule(id, name, { kind })
  return jsonReply(200, { actorId: id, kind, name, unscheduled })
}
