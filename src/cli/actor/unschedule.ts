import type { Reminder } from '../../actors/index.ts'
import { type ActorId, parseActorId } from '../../core/index.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'
import { openNodeOfNone } from './node-option.ts'

/** `aether actor unschedule ACTOR NAME`: takes a reminder or a message away, whoever would deliver it. */
export async function unschedule(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...storeOptions,
    kind: { type: 'string', default: 'reminder' },
  })
  const [actor = '', name = ''] = named('actor unschedule', positionals, ['ACTOR', 'NAME'])
  const actorId = actor as ActorId
  parseActorId(actorId)
  const kind = kindOf(values.kind)
  await using node = await openNodeOfNone(values.backend)
  const unscheduled = await node.unschedule(actorId, name, { kind })
  await outputTo(values.json).write({ actorId, kind, name, unscheduled }, () =>
    unscheduled ? told[kind](actorId, name) : `no ${kind} ${name} waits for ${actorId}`,
  )
  return unscheduled ? exitCode.done : exitCode.no
}

type Kind = Reminder['kind']

const told: Record<Kind, (actor: string, name: string) => string> = {
  message: (actor, name) => `the message ${name} is not delivered to ${actor} any more`,
  reminder: (actor, name) => `${actor} is not reminded of ${name} any more`,
}

function kindOf(text: string): Kind {
  if (text === 'message' || text === 'reminder') return text
  throw new UsageError(`--kind is message or reminder, not ${text}`)
}
