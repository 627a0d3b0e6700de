import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { messageOf } from '../../core/index.ts'
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
  const input = file === '-' ? process.stdin : await contentOf(file)
  const output = outputTo(values.json)
  const progress = progressLine()
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

/** @throws UsageError where there is none to be read */
async function contentOf(name: string): Promise<AsyncIterable<Uint8Array>> {
  if (!existsSync(name)) throw new UsageError(`there is no file ${name}`)
  const file = await open(name).catch((error: unknown) => {
    throw new UsageError(`${name} can't be read: ${messageOf(error)}`)
  })
  if ((await file.stat()).isDirectory()) throw new UsageError(`${name} is a folder`)
  return file.createReadStream()
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
