import { sqliteFile } from '../backend-argument.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { Interrupted, interruption } from '../interruption.ts'
import { outputTo, progressLine } from '../output.ts'
import { storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'

/** `aether store backup FILE`: a copy of a SQLite store, while others write to it. */
export async function backup(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, storeOptions)
  const [destination = ''] = named('store backup', positionals, ['FILE'])
  const file = sqliteFile(values.backend)
  if (file === undefined)
    throw new UsageError(
      'aether store backup copies sqlite:FILE. Of JetStream, all streams of the namespace are copied, by "nats stream backup", while no node runs: see Backup in docs/nats.md. An export has the events alone',
    )
  const { backupSqlite } = await import('../../backends/sqlite/index.ts')
  const output = outputTo(values.json)
  const progress = progressLine()
  using interrupted = interruption()
  try {
    await backupSqlite(file, destination, {
      onProgress: (done, total) => progress.tell(`${done} of ${total} pages`),
      signal: interrupted.signal,
    })
  } catch (error) {
    progress.end()
    if (!(error instanceof Interrupted)) throw error
    console.error('aether: there is no copy: it was interrupted')
    return exitCode.failed
  }
  progress.end()
  await output.write({ file, backup: destination }, () => `${file} is copied to ${destination}`)
  return exitCode.done
}
