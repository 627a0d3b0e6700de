import { AetherError, isAetherError } from '../../core/index.ts'
import type { EventStore, ProjectionBuild } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { hasMark, type LogMark } from '../progress/log-mark.ts'
import { furthestOf, leastOf, type PartState } from '../progress/part-progress.ts'

/** Where a build stands in the log: what is stored of its parts. */
interface Standing {
  readonly build: ProjectionBuild['build']
  readonly parts: readonly PartState[]
}

/**
 * Why a build can't be gone on with: it is made of events that the log doesn't have, as it was set back.
 * Undefined where all is well, as far as can be told.
 * @throws AetherError `store-unavailable` where nobody knows for certain
 */
export async function lossOf(
  { build, parts }: Standing,
  model: ReaderModel,
  store: EventStore,
): Promise<AetherError | undefined> {
  const found = (await beyondEnd(parts, store)) ?? (await otherEvent(parts, store))
  if (!found) return undefined
  const { kind, name } = model
  const what = kind === 'policy' ? '' : ` (build ${build})`
  const remedy =
    kind === 'policy'
      ? 'put back its progress of the same time as well, or give it another name, under which it begins anew'
      : 'rebuild() makes it anew of the log as it is'
  const message = `the ${kind} ${name}${what} has seen events that the log does not have: it is at position ${leastOf(parts)}, and ${found.why}. The log was set back, to a backup say: ${remedy}`
  return new AetherError('unknown-position', message, { cause: found.cause })
}

interface Why {
  readonly why: string
  readonly cause?: unknown
}

async function beyondEnd(parts: readonly PartState[], store: EventStore): Promise<Why | undefined> {
  try {
    await store.checkPosition(furthestOf(parts))
    return undefined
  } catch (cause) {
    if (!isAetherError(cause) || cause.code !== 'unknown-position') throw cause
    return { why: `the log ends before ${furthestOf(parts)}`, cause }
  }
}

/** The log may have grown past the position again: then it has another event where the last one was read. */
async function otherEvent(
  parts: readonly PartState[],
  store: EventStore,
): Promise<Why | undefined> {
  const marks = parts.map(({ mark }) => mark).filter((mark) => mark !== undefined)
  const last = marks.reduce<LogMark | undefined>(later, undefined)
  if (!last || (await hasMark(last, store))) return undefined
  return { why: `there is another event at position ${last.position} than that which it has read` }
}

function later(a: LogMark | undefined, b: LogMark): LogMark {
  return a && a.position > b.position ? a : b
}
