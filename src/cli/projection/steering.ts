import type {
  ParkedActor,
  ProjectionStatus,
  RebuildOptions,
  Skip,
  ViewListOptions,
} from '../../projections/index.ts'

/** Where views, projections and policies are seen and steered: in a store, or by a node that runs them. */
export interface Steering extends AsyncDisposable {
  list(): Promise<readonly ProjectionStatus[]>
  status(name: string): Promise<ProjectionStatus>
  /** Of a view, in the order of their keys. */
  documents(name: string, options: ViewListOptions): AsyncIterable<ViewDocument>
  /** Undefined where the view has none under the key. */
  document(name: string, key: string): Promise<ViewDocument | undefined>
  pause(name: string, isPaused: boolean): Promise<void>
  /** Resolves with the number of the build. */
  rebuild(name: string, options: RebuildOptions): Promise<number>
  parked(name: string): Promise<readonly ParkedActor[]>
  /** False where the actor isn't held back. */
  retry(name: string, actorId: string): Promise<boolean>
  /** All who are held back; resolves with who they are. */
  retryAll(name: string): Promise<readonly string[]>
  /** False where no event of the actor has failed, or another one than that at the position. */
  skip(name: string, actorId: string, skip: Skip): Promise<boolean>
}

export interface ViewDocument {
  readonly key: string
  readonly state: unknown
}
