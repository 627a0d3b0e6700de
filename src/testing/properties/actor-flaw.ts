import { isDeepStrictEqual } from 'node:util'
import {
  type ActorModel,
  type ActorState,
  foldDecided,
  foldStored,
  initialOf,
  storedAtVersion,
} from '../../actors/index.ts'
import {
  actorId,
  type ActorId,
  isAetherError,
  type NewEvent,
  noMetadata,
  type StoredEvent,
  toJson,
} from '../../core/index.ts'
import type { Step } from './actor-steps.ts'
import { rehearse } from '../rehearsal/rehearsal.ts'

/** A property that an actor hasn't got. */
export interface Flaw {
  readonly what: string
  readonly expected?: unknown
  readonly actual?: unknown
  readonly cause?: unknown
}

/** What has happened in a trial. */
interface Trial {
  readonly model: ActorModel
  readonly id: ActorId
  readonly stored: StoredEvent[]
  /** The state behind each stored event, and the first one before them. */
  readonly states: ActorState[]
}

/** Takes the steps and looks whether everything holds; the first thing that doesn't. */
export function findFlaw(model: ActorModel, steps: readonly Step[]): Flaw | undefined {
  const trial: Trial = {
    model,
    id: actorId(model.type, 'checked'),
    stored: [],
    states: [initialOf(model)],
  }
  for (const step of steps) {
    const flaw = take(trial, step)
    if (flaw) return flaw
  }
  return replayFlaw(trial) ?? snapshotFlaw(trial)
}

function take(trial: Trial, step: Step): Flaw | undefined {
  const { model, id, states } = trial
  const before = states.at(-1) as ActorState
  try {
    if (step.kind === 'event') {
      const { stored, after } = foldDecided(model, id, before, step, noMetadata)
      keep(trial, stored, after)
    } else if (step.kind === 'earlier-event') {
      const { type, data, version } = step
      const event = toStored(trial, { type, data, metadata: storedAtVersion(version) })
      trial.stored.push(event)
      states.push(foldStored(model, before, event))
    } else return takeCommand(trial, step.name, step.input)
    return undefined
  } catch (cause) {
    if (!isAetherError(cause)) throw cause
    return { what: cause.message, cause }
  }
}

function takeCommand(trial: Trial, name: string, input: unknown): Flaw | undefined {
  const { model, id, states } = trial
  const current = states.at(-1) as ActorState
  const rehearsal = rehearse({ model, actorId: id, current }, name, input)
  if (rehearsal.kind === 'failed') return { what: rehearsal.error.message, cause: rehearsal.error }
  if (rehearsal.kind === 'rejected') return undefined
  // What is between two events of a decision is known from replaying them.
  for (const event of rehearsal.events.slice(0, -1)) {
    const stored = toStored(trial, event)
    keep(trial, event, foldStored(model, states.at(-1) as ActorState, stored))
  }
  const last = rehearsal.events.at(-1)
  if (last) keep(trial, last, rehearsal.after)
  return undefined
}

/** What was decided is what will be replayed. */
function replayFlaw({ model, stored, states }: Trial): Flaw | undefined {
  let current = initialOf(model)
  for (const [index, event] of stored.entries()) {
    current = foldStored(model, current, event)
    const what = `replaying ${event.type} gives another state than deciding it`
    const flaw = difference(what, states[index + 1], current)
    if (flaw) return flaw
  }
  return undefined
}

/** A state that was kept as JSON, and the events behind it, give what all events give. */
function snapshotFlaw({ model, stored, states }: Trial): Flaw | undefined {
  for (const [version, kept] of states.entries()) {
    let current: ActorState = { version, state: throughJson(kept.state) }
    try {
      for (const event of stored.slice(version)) current = foldStored(model, current, event)
    } catch (cause) {
      return { what: `the state of version ${version} can't be kept and gone on from`, cause }
    }
    const what = `the state of version ${version}, kept as JSON, and the rest give another state than all`
    const flaw = difference(what, states.at(-1), current)
    if (flaw) return flaw
  }
  return undefined
}

function difference(
  what: string,
  expected: ActorState | undefined,
  actual: ActorState,
): Flaw | undefined {
  const [wanted, got] = [toJson(expected?.state), toJson(actual.state)]
  return isDeepStrictEqual(wanted, got) ? undefined : { what, expected: wanted, actual: got }
}

function keep(trial: Trial, event: NewEvent, after: ActorState): void {
  trial.stored.push(toStored(trial, event))
  trial.states.push(after)
}

function toStored({ id, stored }: Trial, event: NewEvent): StoredEvent {
  const version = stored.length + 1
  const { type, data, metadata = noMetadata } = event
  const time = new Date(version).toISOString()
  const whole = {
    id: `e-${version}`,
    actorId: id,
    type,
    version,
    position: version,
    time,
    metadata,
  }
  return throughJson({ ...whole, data: toJson(data) })
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
