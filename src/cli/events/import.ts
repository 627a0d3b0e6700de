import { createReadStream, existsSync } from 'node:fs'
import { type EventStore, importEvents } from '../../store/index.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { linesOf } from '../lines.ts'
import { outputTo, progressLine } from '../output.ts'
import { openOrMake, storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'

/** `aether events import [FILE]`: stores what `export` wrote; from stdin without a file. */
export async function importLog(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, storeOptions)
  const [file = '-'] = named('events import', positionals, ['[FILE]'])
  if (file !== '-' && !existsSync(file)) throw new UsageError(`there is no file ${file}`)
  const output = outputTo(values.json)
  const progress = progressLine()
  const input = file === '-' ? process.stdin : createReadStream(file)
  await using store = await openOrMake(values.backend)
  await tellReaders(store)
  const report = await importEvents(store, linesOf(input), {
    onProgress: ({ lines, imported, present }) =>
      progress.tell(`${lines} lines: ${imported} imported, ${present} were there`),
  })
  progress.end()
  await output.write(
    report,
    ({ imported, present }) => `${imported} events imported, ${present} were there before`,
  )
  return exitCode.done
}

/** Whoever imports history into a running house has its policies react to it. */
async function tellReaders(store: EventStore): Promise<void> {
  const names: string[] = []
  const table = await store.table('readers')
  for await (const { key } of table.list('control/')) names.push(key.slice('control/'.length))
  if (names.length === 0) return
  console.error(
    `aether: projections and policies have run on this store (${names.join(', ')}): where nodes run them, what is imported is news to them, and policies react to it`,
  )
}
