import type { ProjectionBuild } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import type { Reached, ReachedOptions } from './position-waiters.ts'
import type { ProjectionStatus } from './projection-status.ts'
import type { ReaderDesk } from './reader-desk.ts'

/** One reader of the log as whoever reads what it makes sees it, whether this node runs it or others do. */
export interface SeenReader extends AsyncDisposable {
  readonly model: ReaderModel
  readonly desk: ReaderDesk
  /** The build that is read. */
  activeBuild(): Promise<ProjectionBuild>
  reached(position: number, options?: ReachedOptions): Promise<Reached>
  status(): Promise<ProjectionStatus>
}
