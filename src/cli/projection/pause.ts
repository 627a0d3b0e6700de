import { parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { steered, steeringOptions } from './steering-option.ts'

/** `aether projection pause MODULE NAME`: all nodes stop it, until it is resumed. */
export function pause(args: readonly string[]): Promise<ExitCode> {
  return setPaused('pause', args, true)
}

/** `aether projection resume MODULE NAME`: all nodes go on with it. */
export function resume(args: readonly string[]): Promise<ExitCode> {
  return setPaused('resume', args, false)
}

async function setPaused(
  command: string,
  args: readonly string[],
  isPaused: boolean,
): Promise<ExitCode> {
  const line = parseCommandLine(args, steeringOptions)
  const {
    args: [name = ''],
    open,
  } = steered(command, line, ['NAME'])
  await using steering = await open()
  await steering.pause(name, isPaused)
  await outputTo(line.values.json).write(
    { name, paused: isPaused },
    () => `${name} ${isPaused ? 'is paused' : 'goes on'}`,
  )
  return exitCode.done
}
