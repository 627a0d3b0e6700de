import { parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { actorsOf, steered, steeringOptions } from './steering-option.ts'

/**
 * `aether projection retry MODULE NAME ACTOR…`, or `--all`: actors that are held back are tried again at
 * once.
 */
export async function retry(args: readonly string[]): Promise<ExitCode> {
  const line = parseCommandLine(args, { ...steeringOptions, all: { type: 'boolean' } })
  const { all = false, json } = line.values
  const {
    args: [name = '', ...rest],
    open,
  } = steered('retry', line, all ? ['NAME'] : ['NAME', 'ACTOR', '…'])
  const actors = actorsOf(rest)
  await using steering = await open()
  const output = outputTo(json)
  if (all) {
    for (const actorId of await steering.retryAll(name))
      await output.write({ name, actorId, retried: true }, () => `${actorId} is tried again`)
    return exitCode.done
  }
  let code: ExitCode = exitCode.done
  for (const actorId of actors) {
    const retried = await steering.retry(name, actorId)
    if (!retried) code = exitCode.no
    await output.write({ name, actorId, retried }, () =>
      retried ? `${actorId} is tried again` : `${actorId} is not held back by ${name}`,
    )
  }
  return code
}
