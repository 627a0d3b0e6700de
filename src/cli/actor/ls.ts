import { MalformedEventError } from '../../core/index.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { filterOptions, rangeOf } from '../filter-options.ts'
import { outputTo, progressLine } from '../output.ts'
import { openExisting, storeOptions } from '../store-option.ts'

interface Seen {
  readonly actorId: string
  readonly version: number
  readonly time: string
}

/** `aether actor ls`: the actors that have events, their versions, and when they changed last. */
export async function ls(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, { ...storeOptions, ...filterOptions })
  named('actor ls', positionals, [])
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
