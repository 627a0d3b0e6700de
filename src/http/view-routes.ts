import { AetherError } from '../core/index.ts'
import type { Node } from '../node/index.ts'
import { type Exchange, jsonReply, type Reply } from './exchange.ts'
import { answerByMethod } from './method.ts'
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
  if (name === undefined || segment === undefined || rest.length > 0) return undefined
  const key = segment === '' ? (target.query.get('key') ?? '') : segment
  return answerByMethod(exchange, { GET: () => getDocument(node, name, key) })
}

async function getDocument(node: Node, name: string, key: string): Promise<Reply> {
  const state = await node.viewNamed(name).get(key)
  if (state !== undefined) return jsonReply(200, { key, state })
  const message = `the view ${name} has nothing under ${JSON.stringify(key)}`
  throw new AetherError('unknown-document', message)
}
