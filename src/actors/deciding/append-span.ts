import { isAetherError, type TraceSpan, type Tracing } from '../../core/index.ts'
import type { Append, AppendResult, CommitResult } from '../../store/index.ts'

/**
 * Stores as a span. It belongs to the first of the commands that are stored together, if any of them
 * is recorded, and all others are linked to it.
 */
export async function storeTraced<Result extends AppendResult | CommitResult>(
  tracing: Tracing | undefined,
  commands: readonly { readonly span: TraceSpan | undefined }[],
  appends: readonly Pick<Append, 'actorId' | 'events'>[],
  store: () => Promise<Result>,
): Promise<Result> {
  const spans = tracing ? commands.flatMap(({ span }) => (span?.isRecorded ? [span] : [])) : []
  const [parent, ...others] = spans
  if (!tracing || !parent) return store()
  const events = appends.flatMap((append) => append.events).length
  const span = tracing.begin({
    name: 'append',
    kind: 'client',
    parent,
    attributes: {
      'db.operation.name': 'append',
      'db.operation.batch.size': events > 1 ? events : undefined,
      'aether.actor.id': appends.length === 1 ? appends[0]?.actorId : undefined,
      'aether.append.actors': appends.length,
      'aether.append.events': events,
      'aether.append.commands': commands.length,
    },
  })
  for (const other of others) other.link(span)
  try {
    const result = await span.run(store)
    span.set(
      result.ok
        ? { 'aether.outcome': 'stored', 'aether.position': result.position }
        : { 'aether.outcome': 'conflict' },
    )
    return result
  } catch (error) {
    span.fail(isAetherError(error) ? error.code : 'internal', error)
    throw error
  } finally {
    span.end()
  }
}
