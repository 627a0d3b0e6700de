import { parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { steered, steeringOptions } from './steering-option.ts'

/** `aether projection retry MODULE NAME ACTOR`: an actor that is held back is tried again at once. */
export async function retry(args: readonly string[]): Promise<ExitCode> {
  const line = parseCommandLine(args, steeringOptions)
  const {
    args: [name = '', actorId = ''],
    open,
  } = steered('retry', line, ['NAME', 'ACTOR'])
  await using steering = await open()
  const retried = await steering.retry(name, actorId)
  await outputTo(line.values.json).write({ name, actorId, retried }, () =>
    retried ? `${actorId} is tried again` : `${actorId} is not held back by ${name}`,
  )
  return retried ? exitCode.done : exitCode.no
}
