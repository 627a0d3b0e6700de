import { parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { steered, steeringOptions } from './steering-option.ts'

/** `aether projection rebuild MODULE NAME [--back]`: it is made anew beside what is read, by whoever runs it. */
export async function rebuild(args: readonly string[]): Promise<ExitCode> {
  const line = parseCommandLine(args, { ...steeringOptions, back: { type: 'boolean' } })
  const {
    args: [name = ''],
    open,
  } = steered('rebuild', line, ['NAME'])
  await using steering = await open()
  const build = await steering.rebuild(name, { back: line.values.back ?? false })
  await outputTo(line.values.json).write(
    { name, build },
    () => `build ${build} of ${name} is made, and read once it has caught up`,
  )
  return exitCode.done
}
