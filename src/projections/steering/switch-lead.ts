import type { Clock } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import { isInline } from '../reading/inline-step.ts'
import { BuildRest } from './build-rest.ts'
import type { BuildRun } from './build-run.ts'
import { BuildSwitch } from './build-switch.ts'
import { type ControlState, switchGivenUp } from './control-state.ts'
import type { ReaderControl } from './reader-control.ts'
import type { ReaderDesk } from './reader-desk.ts'

/** How long the active build rests for a build that others make: they may be gone, all of them. */
const foreignPatienceMs = 20_000

/**
 * What one node does about the switches of a reader: leads to the next build where it makes it, and otherwise
 * sees to it that the active one doesn't rest for ever for those who are gone.
 */
export class SwitchLead {
  readonly #desk: ReaderDesk
  readonly #around: { readonly store: EventStore; readonly clock: Clock }
  #switch: BuildSwitch | undefined
  /** An attempt that this node doesn't lead, and how long it waits for it, by the monotonic clock. */
  #foreign: { readonly attempt: number; readonly untilMs: number } | undefined

  constructor(desk: ReaderDesk, around: { readonly store: EventStore; readonly clock: Clock }) {
    this.#desk = desk
    this.#around = around
  }

  /** Whether it has to be looked again soon, even if nothing changes. */
  get isBusy(): boolean {
    return this.#switch !== undefined || this.#foreign !== undefined
  }

  /**
   * Goes on as far as it can by now; true where something was decided.
   * @param next the build that this node makes and that is to be read, if there is one
   */
  async goOn(
    control: ReaderControl,
    state: ControlState,
    next: BuildRun | undefined,
  ): Promise<boolean> {
    if (this.#switch?.next !== next) this.#switch = undefined
    if (!next) return this.#outwait(control, state)
    this.#foreign = undefined
    const { store, clock } = this.#around
    this.#switch ??= new BuildSwitch(next, {
      active: (await this.#isWorthless(state)) ? undefined : this.#restOf(state),
      freezes: this.#rests(state),
      clock,
      lastPosition: () => store.lastPosition(),
      change: (transition) => control.change(transition),
    })
    if (!(await this.#switch.goOn(state))) return false
    this.#switch = undefined
    // At once, whatever is in the way of the next look at what was agreed on.
    await this.#desk.target.activate(next.build)
    return true
  }

  /** Lets the active build go on where it rests for a switch that is over; false where it never rests. */
  async letGoOn(state: ControlState): Promise<boolean> {
    if (!this.#rests(state)) return false
    await this.#restOf(state).end(state)
    return true
  }

  async #outwait(control: ReaderControl, { switching }: ControlState): Promise<boolean> {
    if (this.#foreign?.attempt !== switching?.attempt) this.#foreign = undefined
    if (!switching) return false
    const { attempt } = switching
    const now = this.#around.clock.monotonic()
    this.#foreign ??= { attempt, untilMs: now + foreignPatienceMs }
    if (now < this.#foreign.untilMs) return false
    await control.change(switchGivenUp(attempt))
    return true
  }

  /**
   * Policies have one build; inline ones have all there is, so that nothing has to rest; nor has what is
   * unknown: nobody works on it, or it is in another place, which nobody reads who reads the next one.
   */
  #rests(state: ControlState): boolean {
    const { model, target } = this.#desk
    return model.kind !== 'policy' && !isInline(target) && !this.#desk.isUnknown(state)
  }

  /** Whether it says nothing about the next build how far the active one is: it is of another log, say. */
  async #isWorthless(state: ControlState): Promise<boolean> {
    return this.#desk.isUnknown(state) || (await this.#desk.losses()).has(state.active)
  }

  #restOf(state: ControlState): BuildRest {
    const { active } = state
    const { target } = this.#desk
    const parts = this.#desk.partNames(state, active)
    return new BuildRest(target, this.#desk.numbered(active), parts, this.#around.store.identity)
  }
}
