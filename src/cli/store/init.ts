import type { Backend } from '../../store/index.ts'
import { parseBackend } from '../backend-argument.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { storeOptions } from '../store-option.ts'

/**
 * `aether store init`: makes all that a store will ever need, for those whose login may not make it.
 * Again changes nothing.
 */
export async function init(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, storeOptions)
  named('store init', positionals, [])
  const backend = await parseBackend(values.backend)
  await make(backend)
  await outputTo(values.json).write(
    { backend: backend.name },
    ({ backend: name }) => `all that ${name} needs is there`,
  )
  return exitCode.done
}

async function make(backend: Backend): Promise<void> {
  if (backend.init) return backend.init()
  await (await backend.openStore()).close()
}
