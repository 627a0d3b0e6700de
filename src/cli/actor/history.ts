import { type ActorId, parseActorId } from '../../core/index.ts'
import { named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { eventLine, outputTo } from '../output.ts'
import { differencesBetween } from './differences.ts'
import { nodeOptions, openNode } from './node-option.ts'

/** `aether actor history ACTOR`: each event, and what it changed in the state. */
export async function history(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...nodeOptions,
    limit: { type: 'string' },
  })
  const [actor = ''] = named('actor history', positionals, ['ACTOR'])
  const actorId = actor as ActorId
  parseActorId(actorId)
  const limit = wholeNumber('limit', values.limit) ?? Infinity
  const output = outputTo(values.json)
  await using node = await openNode(values)
  let { state: before } = await node.state(actorId, { version: 0, timeoutMs: Infinity })
  let left = limit
  for await (const { event, state } of node.history(actorId)) {
    const changes = differencesBetween(before, state)
    before = state
    await output.write({ ...event, changes }, () => [eventLine(event), ...changes].join('\n    '))
    if (--left <= 0) break
  }
  return exitCode.done
}
