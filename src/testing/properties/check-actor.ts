import type { ActorDefinition, CommandsOf, EventsOf } from '../../actors/index.ts'
import type { Schema, SchemaInput } from '../../core/index.ts'
import { findFlaw, type Flaw } from './actor-flaw.ts'
import {
  describeStep,
  drawSteps,
  type ErasedSamples,
  type Step,
  stepSources,
} from './actor-steps.ts'
import { jsonLines } from '../rehearsal/json-lines.ts'
import { lineDiff } from '../rehearsal/line-diff.ts'
import { seededRandom } from './random.ts'
import type { Samples } from './samples.ts'
import { unmet } from '../rehearsal/unmet.ts'

/** How an actor is checked. */
export interface CheckActorOptions<D extends ActorDefinition> {
  /** Another one tries other sequences. @default 1 */
  readonly seed?: number
  /** How many sequences are tried. @default 100 */
  readonly runs?: number
  /** How many steps a sequence has at most. @default 20 */
  readonly maxSteps?: number
  /**
   * Data of events, where the validator can't say what fits a schema (valibot, arktype) or draws too
   * little that matters: an example, a list of them, or a function. @default drawn from the schema
   */
  readonly events?: {
    readonly [K in keyof EventsOf<D> & string]?: Samples<SchemaInput<EventsOf<D>[K]>>
  }
  /**
   * How an event was stored before each of its upcasts, the first form first. Asked for where there
   * are upcasts.
   */
  readonly earlier?: { readonly [K in keyof EventsOf<D> & string]?: readonly Samples[] }
  /** Inputs of commands, as `events`. @default drawn from the schema; else the command isn't tried */
  readonly commands?: {
    readonly [K in keyof CommandsOf<D> & string]?: CommandsOf<D>[K] extends Schema
      ? Samples<SchemaInput<CommandsOf<D>[K]>>
      : never
  }
}

/** What was checked. */
export interface ActorCheck {
  /** How many sequences were tried. */
  readonly runs: number
  /** Commands that were not tried: they prepare something, or nothing says what fits their input. */
  readonly untriedCommands: readonly string[]
}

/**
 * Checks what must hold of every actor, on sequences of generated events and commands: `evolve` and
 * `decide` never throw, what is decided fits its schema, replaying what is stored gives the state that
 * was decided, a state survives being kept as JSON and gone on from, and upcasts give what the schema
 * takes.
 * @throws AssertionError with the smallest sequence that was found and its seed; TypeError where
 * samples are needed
 */
export function checkActor<D extends ActorDefinition>(
  definition: D,
  options: CheckActorOptions<D> = {},
): ActorCheck {
  const { seed = 1, runs = 100, maxSteps = 20 } = options
  const { model } = definition
  const sources = stepSources(definition, options as ErasedSamples)
  const random = seededRandom(seed)
  for (let run = 1; run <= runs; run++) {
    const steps = drawSteps(sources, maxSteps, random)
    if (!findFlaw(model, steps)) continue
    const smallest = shrink(steps, (fewer) => findFlaw(model, fewer) !== undefined)
    throw flawed(
      model.type,
      findFlaw(model, smallest) as Flaw,
      smallest,
      `seed ${seed}, run ${run}`,
    )
  }
  return { runs, untriedCommands: sources.untried }
}

/** Leaves out steps, as many and as long as it still fails. */
function shrink(
  steps: readonly Step[],
  isFailing: (steps: readonly Step[]) => boolean,
): readonly Step[] {
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < steps.length; start += size) {
      const fewer = steps.toSpliced(start, size)
      if (isFailing(fewer)) return shrink(fewer, isFailing)
    }
  }
  return steps
}

function flawed(
  type: string,
  { what, expected, actual, cause }: Flaw,
  steps: readonly Step[],
  found: string,
): Error {
  const isDifference = expected !== undefined
  const message = [
    `${type}: ${what}`,
    '',
    `the smallest sequence that shows it (${found}):`,
    ...steps.map((step, index) => `  ${index + 1}. ${describeStep(step)}`),
    ...(isDifference ? ['', ...lineDiff(jsonLines(expected), jsonLines(actual))] : []),
  ].join('\n')
  return unmet(message, { expected, actual, cause })
}
