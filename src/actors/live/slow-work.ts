import type { ActorId } from '../../core/index.ts'
import type { Surroundings } from './surroundings.ts'

/** What may block the event loop besides a decision. */
export interface Work {
  readonly actorId: ActorId
  readonly part: 'input' | 'answer'
  /** Of the command or the query. */
  readonly name: string
}

/** Whoever blocks the event loop is named: nobody else would find out. */
export function reportIfSlow(
  took: number,
  { limits, logger }: Pick<Surroundings, 'limits' | 'logger'>,
  work: Work,
): void {
  const tookMs = Math.round(took)
  if (tookMs < limits.slowDecisionMs) return
  const { actorId, part, name } = work
  const what = part === 'input' ? `the input schema of ${name}` : `the answer of ${name}`
  logger.warn({ ...work, tookMs }, `${actorId} blocked the event loop for ${tookMs} ms in ${what}`)
}
