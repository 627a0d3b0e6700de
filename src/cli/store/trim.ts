import { given, named, parseCommandLine, timeOf } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { filterOf } from '../filter-options.ts'
import { outputTo, progressLine } from '../output.ts'
import { openExisting, storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'

/** `aether store trim`: removes old events from a store that was made with retention. */
export async function trim(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...storeOptions,
    before: { type: 'string' },
    'older-than': { type: 'string' },
    'actor-type': { type: 'string', multiple: true },
    key: { type: 'string' },
    'keep-snapshots': { type: 'boolean' },
  })
  named('store trim', positionals, [])
  const before = boundOf(values.before, values['older-than'])
  const output = outputTo(values.json)
  const progress = progressLine()
  await using store = await openExisting(values.backend)
  const report = await store.trim({
    before,
    filter: filterOf(values),
    ...given({ keep: values['keep-snapshots'] ? ('snapshot' as const) : undefined }),
    onProgress: ({ events, removed }) =>
      progress.tell(`${events} events looked at, ${removed} removed`),
  })
  progress.end()
  await output.write(
    { before: before.toISOString(), ...report },
    ({ removed, actors, events }) =>
      `${removed} events of ${actors} actors are removed; ${events} were looked at`,
  )
  return exitCode.done
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** @throws UsageError unless exactly one of the two says from when on events stay. */
function boundOf(before: string | undefined, olderThan: string | undefined): Date {
  if ((before === undefined) === (olderThan === undefined))
    throw new UsageError('aether store trim needs --before TIME or --older-than AGE, such as 90d')
  const time = timeOf('before', before)
  if (time) return time
  const { count, unit } = /^(?<count>\d{1,9})(?<unit>[smhd])$/.exec(olderThan ?? '')?.groups ?? {}
  if (count && unit)
    return new Date(Date.now() - Number(count) * unitMs[unit as keyof typeof unitMs])
  throw new UsageError(
    `--older-than must be a number of d, h, m or s, such as 90d, not ${JSON.stringify(olderThan)}`,
  )
}
