import type { ActorDefinition, ActorModel } from '../../actors/index.ts'
import { messageOf, type Schema } from '../../core/index.ts'
import { jsonLine } from '../rehearsal/json-lines.ts'
import { oneOf, type Random, wholeBetween } from './random.ts'
import { type Samples, type Source, sourceOfSamples, sourceOfSchema } from './samples.ts'

/** One thing that a check does to an actor. */
export type Step =
  | { readonly kind: 'event'; readonly type: string; readonly data: unknown }
  /** As it was stored by an earlier definition. */
  | {
      readonly kind: 'earlier-event'
      readonly type: string
      readonly data: unknown
      readonly version: number
    }
  | { readonly kind: 'command'; readonly name: string; readonly input: unknown }

/** Examples by name, their types forgotten. */
export interface ErasedSamples {
  readonly events?: Readonly<Record<string, Samples>>
  readonly earlier?: Readonly<Record<string, readonly Samples[]>>
  readonly commands?: Readonly<Record<string, Samples>>
}

/** What a check can do to actors of a definition. */
export interface StepSources {
  readonly events: readonly ((random: Random) => Step)[]
  readonly commands: readonly ((random: Random) => Step)[]
  /** Commands for which there is no input: without samples, or because they prepare something. */
  readonly untried: readonly string[]
}

/** @throws TypeError where the data of an event can be made neither from samples nor from its schema */
export function stepSources(
  { model, type }: ActorDefinition,
  { events: given = {}, earlier = {}, commands: inputs = {} }: ErasedSamples,
): StepSources {
  const events: StepSources['events'][number][] = []
  for (const [name, event] of model.events) {
    if (name !== event.name) continue
    const data = sourceOr(`events: { ${name}: … }`, type, given[name], event.schema)
    events.push((random) => ({ kind: 'event', type: name, data: data(random) }))
    events.push(...earlierSteps(model, name, earlier[name]))
  }
  const commands: StepSources['commands'][number][] = []
  const untried: string[] = []
  for (const name of model.commands.keys()) {
    const source = inputSource(model, name, inputs[name])
    if (source) commands.push((random) => ({ kind: 'command', name, input: source(random) }))
    else untried.push(name)
  }
  return { events, commands, untried }
}

/** A sequence of steps: events alone, possible or not, or commands alone, so that all is possible. */
export function drawSteps(
  { events, commands }: StepSources,
  maxSteps: number,
  random: Random,
): readonly Step[] {
  const isOfCommands = events.length === 0 || (commands.length > 0 && random() < 0.5)
  const sources = isOfCommands ? commands : events
  const count = sources.length === 0 ? 0 : wholeBetween(random, 1, maxSteps)
  return Array.from({ length: count }, () => oneOf(random, sources)?.(random)).filter(
    (step) => step !== undefined,
  )
}

/** A step on one line. */
export function describeStep(step: Step): string {
  if (step.kind === 'command')
    return `${step.name}(${step.input === undefined ? '' : jsonLine(step.input)})`
  const version = step.kind === 'event' ? '' : ` (version ${step.version})`
  return `${step.type}${version} ${jsonLine(step.data)}`
}

function earlierSteps(
  model: ActorModel,
  name: string,
  samples: readonly Samples[] = [],
): readonly ((random: Random) => Step)[] {
  const upcasts = model.events.get(name)?.upcasts.length ?? 0
  if (samples.length !== upcasts) {
    const message = `${model.type}.${name} has ${upcasts} upcasts: give a sample of each earlier form, as in earlier: { ${name}: [version1, …] }`
    throw new TypeError(message)
  }
  const names = [...model.events].filter(([, event]) => event.name === name).map(([known]) => known)
  return samples.map((sample, index) => {
    const source = sourceOfSamples(sample)
    return (random) => {
      const type = oneOf(random, names) ?? name
      return { kind: 'earlier-event', type, data: source(random), version: index + 1 }
    }
  })
}

function inputSource({ commands }: ActorModel, name: string, samples: Samples): Source | undefined {
  const command = commands.get(name)
  if (!command || command.prepare) return undefined
  if (samples !== undefined) return sourceOfSamples(samples)
  if (!command.input) return () => undefined
  try {
    return sourceOfSchema(command.input)
  } catch {
    return undefined
  }
}

function sourceOr(where: string, type: string, samples: Samples, schema: Schema): Source {
  if (samples !== undefined) return sourceOfSamples(samples)
  try {
    const source = sourceOfSchema(schema)
    return (random) => {
      try {
        return source(random)
      } catch (cause) {
        throw withoutSamples(where, type, cause)
      }
    }
  } catch (cause) {
    throw withoutSamples(where, type, cause)
  }
}

function withoutSamples(where: string, type: string, cause: unknown): TypeError {
  return new TypeError(`checkActor(${type}) needs samples, ${where}: ${messageOf(cause)}`, {
    cause,
  })
}
