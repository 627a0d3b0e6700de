import type { ProjectionStatus } from '../../projections/index.ts'
import { parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { buildCell, versionCell } from './build-cells.ts'
import { lagCell, membersCell, stateCell } from './life-cells.ts'
import { writeTable } from './table.ts'
import { steered, steeringOptions } from './steering-option.ts'

const columns = {
  name: ({ name }: ProjectionStatus) => name,
  kind: ({ kind }: ProjectionStatus) => kind,
  state: stateCell,
  version: versionCell,
  build: buildCell,
  position: ({ position }: ProjectionStatus) => String(position),
  lag: lagCell,
  parked: ({ parked }: ProjectionStatus) => String(parked),
  retrying: ({ retrying }: ProjectionStatus) => String(retrying),
  members: membersCell,
  error: ({ error }: ProjectionStatus) => error?.message ?? '',
}

/** `aether projection ls MODULE`: how the views, projections and policies are doing. */
export async function ls(args: readonly string[]): Promise<ExitCode> {
  const line = parseCommandLine(args, steeringOptions)
  await using steering = await steered('ls', line, []).open()
  await writeTable(await steering.list(), columns, line.values.json)
  return exitCode.done
}
