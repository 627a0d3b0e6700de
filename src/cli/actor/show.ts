import { type ActorId, parseActorId } from '../../core/index.ts'
import type { StateAt } from '../../actors/index.ts'
import { given, named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { nodeOptions, openNode } from './node-option.ts'

/** `aether actor show ACTOR`, `aether actor state ACTOR --at N`: what it is now, or was at a version. */
export async function show(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...nodeOptions,
    at: { type: 'string' },
  })
  const [actor = ''] = named('actor show', positionals, ['ACTOR'])
  parseActorId(actor)
  const version = wholeNumber('at', values.at)
  const output = outputTo(values.json)
  await using node = await openNode(values)
  // However long its history is: who has waited enough interrupts it.
  const options = { ...given({ version }), timeoutMs: Infinity }
  await output.write(await node.state(actor as ActorId, options), viewLines)
  return exitCode.done
}

function viewLines({ actorId, version, state }: StateAt): string {
  return `${actorId} @${version}\n${JSON.stringify(state, null, 2)}`
}
