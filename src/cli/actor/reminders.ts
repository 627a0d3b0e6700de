import type { Reminder } from '../../actors/index.ts'
import { type ActorId, parseActorId } from '../../core/index.ts'
import { given, named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { writeTable } from '../projection/table.ts'
import { storeOptions } from '../store-option.ts'
import { openNodeOfNone } from './node-option.ts'

const columns = {
  actor: ({ actorId }: Reminder) => actorId,
  kind: ({ kind }: Reminder) => kind,
  name: ({ name }: Reminder) => name,
  command: ({ command }: Reminder) => command,
  due: ({ due }: Reminder) => due,
  every: everyCell,
  failed: failedCell,
}

/** `aether actor reminders [ACTOR]`: what waits to be delivered to an actor, or to all, the next first. */
export async function reminders(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...storeOptions,
    limit: { type: 'string' },
  })
  const [actor] = named('actor reminders', positionals, ['[ACTOR]'])
  if (actor !== undefined) parseActorId(actor)
  const limit = wholeNumber('limit', values.limit)
  await using node = await openNodeOfNone(values.backend)
  const waiting = await node.reminders(actor as ActorId | undefined, given({ limit }))
  await writeTable(waiting, columns, values.json)
  return exitCode.done
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** In the greatest unit of which it is a whole number. */
function everyCell({ everyMs }: Reminder): string {
  if (everyMs === undefined) return ''
  const [unit, size] = units.find(([, each]) => everyMs % each === 0) ?? ['ms', 1]
  return `${everyMs / size} ${unit}`
}

/** `3 times: store-unavailable: …` */
function failedCell({ attempts, lastError }: Reminder): string {
  if (lastError === undefined) return ''
  return `${attempts === 1 ? 'once' : `${attempts} times`}: ${lastError}`
}
