import { given, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { actorsOf, steered, steeringOptions } from './steering-option.ts'

/** `aether projection skip MODULE NAME ACTOR… --reason TEXT`: passes over the event of each that failed. */
export async function skip(args: readonly string[]): Promise<ExitCode> {
  const line = parseCommandLine(args, {
    ...steeringOptions,
    reason: { type: 'string' },
    position: { type: 'string' },
  })
  const {
    args: [name = '', ...actors],
    open,
  } = steered('skip', line, ['NAME', 'ACTOR', '…'])
  const { reason, json } = line.values
  if (reason === undefined || reason.trim() === '')
    throw new UsageError(
      'aether projection skip needs --reason TEXT: the event is passed over for ever',
    )
  const position = wholeNumber('position', line.values.position)
  if (position !== undefined && actors.length > 1)
    throw new UsageError('aether projection skip takes --position of one ACTOR alone')
  await using steering = await open()
  let code: ExitCode = exitCode.done
  for (const actorId of actorsOf(actors)) {
    const skipped = await steering.skip(name, actorId, { reason, ...given({ position }) })
    if (!skipped) code = exitCode.no
    await outputTo(json).write({ name, actorId, skipped }, () =>
      skipped
        ? `the event of ${actorId} that failed is passed over`
        : `nothing is passed over: no such event of ${actorId} has failed in ${name}`,
    )
  }
  return code
}
