import type { ParkedActor } from '../../projections/index.ts'
import { parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { steered, steeringOptions } from './steering-option.ts'
import { writeTable } from './table.ts'

const columns = {
  actor: ({ actorId }: ParkedActor) => actorId,
  state: ({ state }: ParkedActor) => state,
  build: ({ build }: ParkedActor) => String(build),
  event: ({ type = 'unreadable', version }: ParkedActor) =>
    version === undefined ? type : `${type}@${version}`,
  position: ({ position }: ParkedActor) => String(position),
  tries: ({ tries }: ParkedActor) => String(tries),
  since: ({ since }: ParkedActor) => since,
  cause: ({ cause }: ParkedActor) =>
    cause.code === undefined ? cause.message : `${cause.code}: ${cause.message}`,
}

/** `aether projection parked MODULE NAME`: the actors that are held back, and why. */
export async function parked(args: readonly string[]): Promise<ExitCode> {
  const line = parseCommandLine(args, steeringOptions)
  const {
    args: [name = ''],
    open,
  } = steered('parked', line, ['NAME'])
  await using steering = await open()
  await writeTable(await steering.parked(name), columns, line.values.json)
  return exitCode.done
}
