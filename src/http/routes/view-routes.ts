import { AetherError } from '../../core/index.ts'
import type { Node } from '../../node/index.ts'
import type { ViewReader } from '../../projections/index.ts'
import { caughtUp } from './caught-up.ts'
import { tagged } from '../exchange/entity-tag.ts'
import { type Exchange, jsonReply, type Reply } from '../exchange/exchange.ts'
import { answerByMethod } from '../exchange/method.ts'
import { limitOf, pageReply } from '../exchange/page.ts'
import { type Target, wholeNumberOf } from '../exchange/target.ts'

/** What is asked of the views of a node. */
interface Asked {
  readonly node: Node
  readonly exchange: Exchange
  readonly target: Target
  /** How long a view is waited for that has not `reached` a position. */
  readonly reachTimeoutMs: number
}

/** What is at a path below `/views`; undefined where nothing is. */
export function viewReply(asked: Asked): Promise<Reply> | undefined {
  const { exchange, target } = asked
  const [, name, segment, ...rest] = target.segments
  if (name === undefined || rest.length > 0) return undefined
  if (segment === undefined)
    return answerByMethod(exchange, { GET: () => getDocuments(asked, name) })
  const key = segment === '' ? (target.query.get('key') ?? '') : segment
  return answerByMethod(exchange, { GET: () => getDocument(asked, name, key) })
}

/** A client that has the page asks whether it is still the same by its tag. */
async function getDocuments(asked: Asked, name: string): Promise<Reply> {
  const { query } = asked.target
  const [prefix, after] = [query.get('prefix') ?? '', query.get('after') ?? '']
  const limit = limitOf(query)
  const view = await viewAt(asked, name)
  return tagged(asked.exchange, await pageReply(view.list({ prefix, after, limit })))
}

async function getDocument(asked: Asked, name: string, key: string): Promise<Reply> {
  const view = await viewAt(asked, name)
  const state = await view.get(key)
  if (state !== undefined) return tagged(asked.exchange, jsonReply(200, { key, state }))
  const message = `the view ${name} has nothing under ${JSON.stringify(key)}`
  throw new AetherError('unknown-document', message)
}

/** The view, once it has `reached` the position that the client wants to see. */
async function viewAt(
  { node, exchange, target, reachTimeoutMs }: Asked,
  name: string,
): Promise<ViewReader> {
  const view = node.view(name)
  const position = wholeNumberOf(target.query, 'reached')
  if (position !== undefined)
    await caughtUp(node, exchange, { view: name, position, timeoutMs: reachTimeoutMs })
  return view
}
