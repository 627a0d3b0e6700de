import { type ActorId, parseActorId } from '../../core/index.ts'
import { named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { differencesBetween } from './differences.ts'
import { nodeOptions, openNode } from './node-option.ts'

/** `aether actor diff ACTOR FROM TO`: what changed in its state between two versions. */
export async function diff(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, nodeOptions)
  const [actor = '', from, to] = named('actor diff', positionals, ['ACTOR', 'FROM', 'TO'])
  const actorId = actor as ActorId
  parseActorId(actorId)
  const versions = [wholeNumber('from', from) ?? 0, wholeNumber('to', to) ?? 0]
  const output = outputTo(values.json)
  await using node = await openNode(values)
  const [before, after] = await Promise.all(
    versions.map(
      async (version) => (await node.state(actorId, { version, timeoutMs: Infinity })).state,
    ),
  )
  const changes = differencesBetween(before, after)
  await output.write({ actorId, from: versions[0], to: versions[1], changes }, () =>
    changes.length === 0 ? 'nothing changed' : changes.join('\n'),
  )
  return exitCode.done
}
