import { isDeepStrictEqual } from 'node:util'
import type {
  ActorDefinition,
  CommandsOf,
  DecidedEvent,
  EventConstructors,
  EventsOf,
  Rejection,
  RejectionsOf,
  RepliesOf,
  StateOf,
} from '../../actors/index.ts'
import { type ErrorCode, toJson } from '../../core/index.ts'
import type { Happenings } from '../rehearsal/happenings.ts'
import { jsonLine, jsonLines } from '../rehearsal/json-lines.ts'
import { lineDiff } from '../rehearsal/line-diff.ts'
import {
  rehearse,
  type Rehearsal,
  type RehearsalOptions,
  type Scene,
} from '../rehearsal/rehearsal.ts'
import { unmet } from '../rehearsal/unmet.ts'
import type { WhenArguments } from '../rehearsal/when-arguments.ts'

/** The command that was sent. */
interface Sent {
  readonly command: string
  readonly input: unknown
}

/** What a command refuses. */
type RejectionOf<D extends ActorDefinition, K> = K extends keyof RejectionsOf<D>
  ? RejectionsOf<D>[K]
  : never

/** The codes that a command gives to `reject`. */
type CodesOf<D extends ActorDefinition, K> = RejectionOf<D, K>['code']

/** The details that a command gives to `reject` with this code. */
type DetailsOf<D extends ActorDefinition, K, Code> =
  RejectionOf<D, K> extends infer R
    ? R extends Rejection<infer C, infer Details>
      ? Code extends C
        ? Details
        : never
      : never
    : never

/** What came of a command, one expectation of it being met. */
export class Checked<D extends ActorDefinition, K extends string> {
  readonly #scene: Scene
  readonly #sent: Sent
  readonly #rehearsal: Rehearsal
  /** Whether the test knows that it came to nothing. */
  readonly #isExpected: boolean

  constructor(scene: Scene, sent: Sent, rehearsal: Rehearsal, isExpected: boolean) {
    this.#scene = scene
    this.#sent = sent
    this.#rehearsal = rehearsal
    this.#isExpected = isExpected
  }

  /** It decided nothing, and was not refused. */
  thenNothing(): Checked<D, K> {
    return this.expectEvents([])
  }

  /** The actor refused, by `reject` with this code, and these details where some are given. */
  thenRejected<Code extends CodesOf<D, K>>(
    code: Code,
    details?: DetailsOf<D, K, Code>,
  ): Checked<D, K> {
    const rehearsal = this.#rehearsal
    const isMet =
      rehearsal.kind === 'rejected' &&
      rehearsal.code === code &&
      (details === undefined || isSame(rehearsal.details, details))
    const expected = { rejected: code, ...(details !== undefined && { details }) }
    if (!isMet) throw this.#unmet(expected, shownOutcome(rehearsal))
    return this.#checked()
  }

  /** The command failed with this error, `invalid-input` or `actor-failed` say. */
  thenFailed(code: ErrorCode): Checked<D, K> {
    const rehearsal = this.#rehearsal
    if (rehearsal.kind !== 'failed' || rehearsal.error.code !== code)
      throw this.#unmet({ failed: code }, shownOutcome(rehearsal))
    return this.#checked()
  }

  /** The state after the command: exactly this. */
  thenState(state: StateOf<D>): Checked<D, K> {
    const after = this.#after({ state }).current.state
    if (!isSame(after, state)) throw this.#unmetJson('the state', state, after)
    return this.#checked()
  }

  /** What the definition's `reply` gave: exactly this. */
  thenReply(reply: K extends keyof RepliesOf<D> ? RepliesOf<D>[K] : never): Checked<D, K> {
    const rehearsal = this.#rehearsal
    if (rehearsal.kind !== 'decided') throw this.#unmet({ reply }, shownOutcome(rehearsal))
    if (!isSame(rehearsal.reply, reply)) throw this.#unmetJson('the reply', reply, rehearsal.reply)
    return this.#checked()
  }

  /** Sends the next command, after this one. One that came to nothing must be expected before. */
  when<N extends keyof CommandsOf<D> & string>(
    command: N,
    ...args: WhenArguments<D, N>
  ): Outcome<D, N> {
    return outcomeOf(this.#after({ 'before the next command': [] }), command, args)
  }

  protected expectEvents(expected: readonly DecidedEvent[]): Checked<D, K> {
    const rehearsal = this.#rehearsal
    const wanted = expected.map(({ type, data, metadata }) => ({
      type,
      data: toJson(data),
      ...(metadata && { metadata }),
    }))
    const shown =
      rehearsal.kind === 'decided' ? shownAs(rehearsal, wanted) : shownOutcome(rehearsal)
    if (!isDeepStrictEqual(shown, wanted)) throw this.#unmet(wanted, shown)
    return this.#checked()
  }

  protected constructors(): EventConstructors<EventsOf<D>> {
    return this.#scene.model.constructors
  }

  #after(expected: object): Scene {
    const rehearsal = this.#rehearsal
    if (rehearsal.kind === 'decided') return { ...this.#scene, current: rehearsal.after }
    if (!this.#isExpected) throw this.#unmet(expected, shownOutcome(rehearsal))
    return this.#scene
  }

  #checked(): Checked<D, K> {
    return new Checked(this.#scene, this.#sent, this.#rehearsal, true)
  }

  #unmet(expected: unknown, actual: unknown): Error {
    const diff = lineDiff(linesOf(expected), linesOf(actual))
    return this.#error('it came to something else', diff, { expected, actual })
  }

  #unmetJson(what: string, expected: unknown, actual: unknown): Error {
    const diff = lineDiff(jsonLines(expected), jsonLines(actual))
    return this.#error(`${what} is another one`, diff, { expected, actual })
  }

  #error(
    what: string,
    diff: readonly string[],
    values: { readonly expected: unknown; readonly actual: unknown },
  ): Error {
    const { model, current } = this.#scene
    const { command, input } = this.#sent
    const given = input === undefined ? '' : ` ${jsonLine(input)}`
    const message = [
      `${model.type}: ${command}${given}: ${what} (- expected, + actual)`,
      '',
      ...diff,
      '',
      `the state before, at version ${current.version}: ${jsonLine(current.state)}`,
    ].join('\n')
    const cause = this.#rehearsal.kind === 'failed' ? this.#rehearsal.error : undefined
    return unmet(message, { ...values, cause })
  }
}

/** What came of a command. Made by `when`. */
export class Outcome<D extends ActorDefinition, K extends string> extends Checked<D, K> {
  constructor(scene: Scene, sent: Sent, rehearsal: Rehearsal) {
    super(scene, sent, rehearsal, false)
  }

  /**
   * It decided exactly these events, in this order. Metadata are compared where an expected event has
   * some.
   */
  // oxlint-disable-next-line unicorn/no-thenable -- given, when, then; who awaits it is told
  then(happened: Happenings<D>): Checked<D, K> {
    // `await` calls it with two functions, and would take any answer for a success.
    const [, reject] = arguments as unknown as [unknown, ((reason: unknown) => void) | undefined]
    if (reject) {
      reject(new TypeError('an outcome is no promise: end with an expectation and do not await it'))
      return this
    }
    return this.expectEvents([happened(this.constructors())].flat())
  }
}

/** Sends a scene its next command. */
export function outcomeOf<D extends ActorDefinition, K extends string>(
  scene: Scene,
  command: K,
  args: readonly unknown[],
): Outcome<D, K> {
  const [input, options] = args as [unknown, RehearsalOptions | undefined]
  return new Outcome(scene, { command, input }, rehearse(scene, command, input, options))
}

interface ShownEvent {
  readonly type: string
  readonly data: unknown
  readonly metadata?: unknown
}

/** The events that were decided, with as much metadata as is wanted of each. */
function shownAs(
  { events }: Rehearsal & { readonly kind: 'decided' },
  wanted: readonly ShownEvent[],
): ShownEvent[] {
  return events.map(({ type, data, metadata = {} }, index) => {
    const names = wanted[index]?.metadata
    if (!names) return { type, data }
    const shown = Object.entries(metadata).filter(([name]) => Object.hasOwn(names, name))
    return { type, data, metadata: Object.fromEntries(shown) }
  })
}

function shownOutcome(rehearsal: Rehearsal): unknown {
  if (rehearsal.kind === 'decided') return shownAs(rehearsal, [])
  if (rehearsal.kind === 'failed')
    return { failed: rehearsal.error.code, message: rehearsal.error.message }
  const { code, details } = rehearsal
  return { rejected: code, ...(details !== undefined && { details }) }
}

/** One line for each event; a refusal or a failure is one line. */
function linesOf(outcome: unknown): readonly string[] {
  if (!Array.isArray(outcome)) {
    const entries = Object.entries(outcome as object)
    return [
      entries
        .map(([name, value]) => (name === 'details' ? '' : `${name} `) + textOf(value))
        .join(' '),
    ]
  }
  if (outcome.length === 0) return ['(no event)']
  return (outcome as readonly ShownEvent[]).map(({ type, data, metadata }) =>
    [type, jsonLine(data), metadata === undefined ? '' : jsonLine(metadata)].join(' ').trimEnd(),
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : jsonLine(value)
}

/** As JSON would give them back: a member that is undefined is none. */
function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(jsonOf(a), jsonOf(b))
}

function jsonOf(value: unknown): unknown {
  return value === undefined ? undefined : toJson(value)
}
