import { AetherError } from '../core/index.ts'
import type { Node } from '../node/index.ts'
import type { ViewReader } from '../projections/index.ts'
import { tagged } from './entity-tag.ts'
import { type Exchange, jsonReply, type Reply } from './exchange.ts'
import { answerByMethod } from './method.ts'
import { limitOf, pageReply } from './page.ts'
import type { Target } from './target.ts'

/** What is asked of the views of a node. */
interface Asked {
  readonly node: Node
  readonly exchange: Exchange
  readonly target: Target
}

/** What is at a path below `/views`; undefined where nothing is. */
export function viewReply({ node, exchange, target }: Asked): Promise<Reply> | undefined {
  const [, name, segment, ...rest] = target.segments
  if (name === undefined || rest.length > 0) return undefined
  const view = (): ViewReader => node.viewNamed(name)
  if (segment === undefined)
    return answerByMethod(exchange, { GET: () => getDocuments(view(), exchange, target) })
  const key = segment === '' ? (target.query.get('key') ?? '') : segment
  return answerByMethod(exchange, { GET: () => getDocument({ name, view: view() }, key, exchange) })
}

/** A client that has the page asks whether it is still the same by its tag. */
async function getDocuments(
  view: ViewReader,
  exchange: Exchange,
  { query }: Target,
): Promise<Reply> {
  const [prefix, after] = [query.get('prefix') ?? '', query.get('after') ?? '']
  return tagged(exchange, await pageReply(view.list({ prefix, after, limit: limitOf(query) })))
}

async function getDocument(
  { name, view }: { readonly name: string; readonly view: ViewReader },
  key: string,
  exchange: Exchange,
): Promise<Reply> {
  const state = await view.get(key)
  if (state !== undefined) return tagged(exchange, jsonReply(200, { key, state }))
  const message = `the view ${name} has nothing under ${JSON.stringify(key)}`
  throw new AetherError('unknown-document', message)
}
