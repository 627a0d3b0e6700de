import type { QuarantinedActor } from '../../actors/index.ts'
import { MalformedEventError } from '../../core/index.ts'
import { askNode } from '../ask-node.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { filterOptions, rangeOf } from '../filter-options.ts'
import { outputTo, progressLine } from '../output.ts'
import { openExisting, storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'

const options = {
  ...storeOptions,
  ...filterOptions,
  quarantined: { type: 'boolean' },
  node: { type: 'string' },
} as const

type Values = ReturnType<typeof parseCommandLine<typeof options>>['values']

interface Seen {
  readonly actorId: string
  readonly version: number
  readonly time: string
}

/**
 * `aether actor ls`: the actors that have events, their versions, and when they changed last; or those that a running
 * node has in quarantine, which no store knows.
 */
export async function ls(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, options)
  named('actor ls', positionals, [])
  if (values.quarantined) return listQuarantined(values)
  if (values.node !== undefined)
    throw new UsageError(
      '--node is for --quarantined: the actors that have events are in the store',
    )
  return listStored(values)
}

async function listQuarantined(values: Values): Promise<ExitCode> {
  const foreign = (['after', 'type', 'actor-type', 'key', 'limit'] as const).find(
    (name) => values[name] !== undefined,
  )
  if (foreign) throw new UsageError(`--${foreign} is for the actors that have events`)
  const { node = 'http://127.0.0.1:4040' } = values
  const actors = await askNode<readonly QuarantinedActor[]>(new URL('/quarantine', node))
  const output = outputTo(values.json)
  for (const actor of actors)
    await output.write(actor, ({ actorId, since, reason }) => `${actorId} ${since} ${reason}`)
  return exitCode.done
}

async function listStored(values: Values): Promise<ExitCode> {
  const { limit = Infinity, ...range } = rangeOf(values)
  const output = outputTo(values.json)
  const progress = progressLine()
  await using store = await openExisting(values.backend)
  const seen = new Map<string, Seen>()
  for await (const event of store.readAll({ ...range, onMalformed: 'collect' })) {
    if (event instanceof MalformedEventError) continue
    const { actorId, version, time } = event
    seen.set(actorId, { actorId, version, time })
    if (seen.size % 1_000 === 0) progress.tell(`${seen.size} actors`)
  }
  progress.end()
  for (const actor of seen.values().take(limit))
    await output.write(actor, ({ actorId, version, time }) => `${actorId} @${version} ${time}`)
  return exitCode.done
}
