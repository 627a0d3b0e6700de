import type { ReaderModel } from './reader-model.ts'

/** A reader of the log that a node can run: a view, a projection or a policy. */
export interface ReaderDefinition {
  readonly name: string
  readonly version: number
  readonly model: ReaderModel
}
