import { createReadStream, existsSync } from 'node:fs'
import { importEvents } from '../../store/index.ts'
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
