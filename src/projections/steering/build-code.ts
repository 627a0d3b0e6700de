import type { ReaderModel } from '../definition/reader-model.ts'
import { type BuildCode, type ControlState, isMadeBy } from './control-state.ts'

/** The code that runs here. */
export function codeOf(model: ReaderModel): BuildCode {
  return { version: buildVersion(model), parts: model.options.parts }
}

/** Whether a build is of the code that runs here. */
export function isOf(build: ControlState['builds'][number], model: ReaderModel): boolean {
  return isMadeBy(build, codeOf(model))
}

/** Policies have one build: what they did is done, whatever their code is by now. */
function buildVersion({ kind, version }: ReaderModel): number {
  return kind === 'policy' ? 1 : version
}
