import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { existingBackend } from '../backend-argument.ts'
import { outputTo } from '../output.ts'
import { storeOptions } from '../store-option.ts'

/** `aether store info`: what a store is, and how it is kept. */
export async function info(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, storeOptions)
  named('store info', positionals, [])
  const output = outputTo(values.json)
  const backend = await existingBackend(values.backend)
  const facts = { backend: backend.name, ...(await backend.inspect?.()) }
  await output.write(facts, (all) =>
    Object.entries(all)
      .map(([name, value]) => `${name.padEnd(24)}${String(value)}`)
      .join('\n'),
  )
  return exitCode.done
}
