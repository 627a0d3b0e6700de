import {
  CommandRejectedError,
  isAetherError,
  messageOf,
  type StoredEvent,
} from '../../core/index.ts'
import { idempotencyKeyOf } from '../../projections/index.ts'
import { type StepsToExpect, stepsToExpect } from './expected-steps.ts'
import { jsonLine } from '../rehearsal/json-lines.ts'
import { lineDiff } from '../rehearsal/line-diff.ts'
import type { Handled, PolicyRehearsal } from './policy-rehearsal.ts'
import { type ExpectedStep, type PolicyStep, stepLine } from './policy-step.ts'
import { unmet } from '../rehearsal/unmet.ts'

/** One event, and what a policy did about it. */
interface Occurrence {
  readonly rehearsal: PolicyRehearsal
  readonly event: StoredEvent
  readonly handled: Handled
  /** Whether the test knows that its handler threw. */
  readonly isExpected?: boolean
}

/** What a policy did about an event. Made by `event`. */
export class Reacted {
  readonly #occurrence: Occurrence

  constructor(occurrence: Occurrence) {
    this.#occurrence = occurrence
  }

  /** All that the handler did, in its order: each with the id by which it takes effect once. */
  get steps(): readonly PolicyStep[] {
    return this.#occurrence.handled.steps
  }

  /** The event as it was stored. */
  get event(): StoredEvent {
    return this.#occurrence.event
  }

  /** What `ctx.idempotencyKey` is for this event: for what the handler asked of others. */
  get idempotencyKey(): string {
    return idempotencyKeyOf(this.#occurrence.rehearsal.policy.name, this.event)
  }

  /** The handler did exactly this, in this order, and threw nothing that wasn't expected. */
  thenDoes(expected: (it: StepsToExpect) => ExpectedStep | readonly ExpectedStep[]): Reacted {
    const wanted = [expected(stepsToExpect)].flat()
    const { handled, isExpected } = this.#occurrence
    const lines = linesOf(isExpected ? { steps: handled.steps } : handled)
    this.#compare('it did something else', wanted.map(stepLine), lines)
    return this
  }

  /** The handler did nothing that has an effect on actors, and threw nothing that wasn't expected. */
  thenNothing(): Reacted {
    return this.thenDoes(() => [])
  }

  /**
   * The handler threw, so the event and those behind it of its actor wait, and are tried again.
   * @param why the code of the refusal, or the error's code or message. Default: whatever it is
   */
  thenHeldBack(why?: string): Reacted {
    const { thrown } = this.#occurrence.handled
    const isMet = thrown && (why === undefined || reasonsOf(thrown.cause).includes(why))
    if (!isMet) {
      const expected = why === undefined ? 'threw something' : `threw ${why}`
      this.#compare('it was not held back so', [expected], [thrownLine(thrown)])
    }
    return new Reacted({ ...this.#occurrence, isExpected: true })
  }

  /**
   * Handles the event once more, as after a crash: the handler does the same, and each command has the
   * id that it had, so that nothing takes effect twice.
   */
  async thenSameAgain(): Promise<void> {
    const { rehearsal, event, handled } = this.#occurrence
    const again = await rehearsal.handle(event)
    const before = linesOf(handled, true)
    this.#compare('handled again, it did something else', before, again ? linesOf(again, true) : [])
  }

  /** @throws AssertionError unless the lines are the same */
  #compare(what: string, expected: readonly string[], actual: readonly string[]): void {
    if (expected.join('\n') === actual.join('\n')) return
    const { rehearsal, event, handled } = this.#occurrence
    const { type, data, actorId } = event
    const message = [
      `${rehearsal.policy.name}: ${type} ${jsonLine(data)} of ${actorId}: ${what} (- expected, + actual)`,
      '',
      ...lineDiff(shown(expected), shown(actual)),
    ].join('\n')
    throw unmet(message, { expected, actual, cause: handled.thrown?.cause })
  }
}

/** A line for each step, and one for what was thrown. */
function linesOf({ steps, thrown }: Handled, withIds = false): readonly string[] {
  const lines = steps.map((step) => (withIds ? lineWithId(step) : stepLine(step)))
  return thrown ? [...lines, thrownLine(thrown)] : lines
}

function lineWithId(step: PolicyStep): string {
  return step.commandId === undefined ? stepLine(step) : `${stepLine(step)} by ${step.commandId}`
}

function thrownLine(thrown: Handled['thrown']): string {
  if (!thrown) return '(threw nothing)'
  const { cause } = thrown
  const hint =
    isAetherError(cause) && cause.code === 'unknown-actor-type'
      ? '; name it as in whenever(policy, { actors: [Stock] })'
      : ''
  return `threw ${reasonsOf(cause).slice(0, 2).join(': ')}${hint}`
}

/** By what a test may call it: the shortest first, the message last but one. */
function reasonsOf(cause: unknown): readonly string[] {
  const message = messageOf(cause)
  if (cause instanceof CommandRejectedError) return [cause.rejection, message, cause.code]
  return isAetherError(cause) ? [cause.code, message] : [message]
}

function shown(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ['(nothing)'] : lines
}
