import { messageOf } from '../../core/index.ts'
import { type Agenda, exportEvents } from '../../store/index.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { filterOptions, rangeOf } from '../filter-options.ts'
import { progressLine, writeLine } from '../output.ts'
import { openExisting, storeOptions } from '../store-option.ts'

/** So many of what waits are counted. */
const maxCounted = 1_000

/** `aether events export`: the log as NDJSON of CloudEvents, on stdout. */
export async function exportLog(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...storeOptions,
    ...filterOptions,
    'skip-malformed': { type: 'boolean', default: false },
  })
  named('events export', positionals, [])
  const progress = progressLine()
  let skipped = 0
  await using store = await openExisting(values.backend)
  const lines = exportEvents(store, {
    ...rangeOf(values),
    onMalformed: values['skip-malformed'] ? 'skip' : 'stop',
    onSkipped: (error) => {
      skipped++
      console.error(`aether: skipped: ${messageOf(error)}`)
    },
    onProgress: ({ events, position }) =>
      progress.tell(`${events} events, to position ${position}`),
  })
  for await (const line of lines) await writeLine(line)
  progress.end()
  await tellWaiting(store.agenda)
  return skipped === 0 ? exitCode.done : exitCode.no
}

/** What waits isn't in the log: whoever takes the export for a copy of all would lose it silently. */
async function tellWaiting(agenda: Agenda | undefined): Promise<void> {
  if (!agenda) return
  let count = 0
  for await (const _ of agenda.list(undefined, maxCounted)) if (++count === maxCounted) break
  if (count === 0) return
  const many = count === maxCounted ? `${maxCounted} or more` : String(count)
  console.error(`aether: messages and reminders that wait are not exported: ${many}`)
}
