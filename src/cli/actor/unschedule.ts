import { type ActorId, parseActorId } from '../../core/index.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { storeOptions } from '../store-option.ts'
import { openNodeOfNone } from './node-option.ts'

/** `aether actor unschedule ACTOR NAME`: takes a reminder away, whoever would deliver it. */
export async function unschedule(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, storeOptions)
  const [actor = '', name = ''] = named('actor unschedule', positionals, ['ACTOR', 'NAME'])
  const actorId = actor as ActorId
  parseActorId(actorId)
  await using node = await openNodeOfNone(values.backend)
  const unscheduled = await node.unschedule(actorId, name)
  await outputTo(values.json).write({ actorId, name, unscheduled }, () =>
    unscheduled
      ? `${actorId} is not reminded of ${name} any more`
      : `${actorId} has no reminder ${name}`,
  )
  return unscheduled ? exitCode.done : exitCode.no
}
