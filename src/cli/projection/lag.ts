import { parseCommandLine } from '../command-line.ts'
import type { ProjectionLag, ProjectionStatus } from '../../projections/index.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { steered, steeringOptions } from './steering-option.ts'
import { membersCell, stateCell } from './life-cells.ts'
import { writeTable } from './table.ts'

type Told = 'name' | 'kind' | 'state' | 'position' | 'members' | 'silent'
type Behind = Pick<ProjectionStatus, Told> & ProjectionLag

const columns = {
  name: ({ name }: Behind) => name,
  state: stateCell,
  position: ({ position }: Behind) => String(position),
  events: ({ events }: Behind) => String(events),
  seconds: ({ seconds }: Behind) => seconds.toFixed(1),
  members: membersCell,
}

/** `aether projection lag MODULE [NAME]`: how far behind the end of the log they are. */
export async function lag(args: readonly string[]): Promise<ExitCode> {
  const line = parseCommandLine(args, steeringOptions)
  const {
    args: [name],
    open,
  } = steered('lag', line, ['[NAME]'])
  await using steering = await open()
  const all = name === undefined ? await steering.list() : [await steering.status(name)]
  await writeTable(all.map(behind), columns, line.values.json)
  return exitCode.done
}

function behind({ lag, ...status }: ProjectionStatus): Behind {
  const { name, kind, state, position, members, silent } = status
  return { name, kind, state, position, ...lag, members, ...(silent && { silent }) }
}
