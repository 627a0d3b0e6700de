import type { ReaderModel } from './reader-model.ts'

/** A reader of the log that a node can run: a view, a projection or a policy. */
export interface ReaderDefinition<Name extends string = string> {
  readonly name: Name
  readonly version: number
  readonly model: ReaderModel
}
