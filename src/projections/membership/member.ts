import { AetherError, type Clock, type Logger, messageOf } from '../../core/index.ts'
import type { Document, DocumentTable } from '../../store/index.ts'
import type { PartOwnership } from '../progress/part-ownership.ts'
import {
  type Assignment,
  assignmentKey,
  assignmentText,
  emptyAssignment,
  readAssignment,
} from './assignment.ts'
import { GroupShare } from './group-share.ts'
import { Life } from './life.ts'
import { reassign, type Reassigned, type Standpoint, without } from './reassign.ts'
import { memberPrefix, Sightings } from './sightings.ts'

export interface MemberSettings {
  readonly table: DocumentTable
  readonly memberId: string
  readonly clock: Clock
  readonly logger: Logger
  readonly leaseMs: number
  readonly renewMs: number
  /** Calls when it has left its last group: it is of no use any more. */
  readonly ended: () => void
}

/** How often in the time between two signs of life it is looked what is due. */
const ticksPerRenewal = 4
/** How often one that ends tries to take its name out of the assignment. */
const maxFarewells = 3

/**
 * One member in all groups in which it takes part. It shows once each `renewMs` that it lives, by one
 * document however many groups there are, and looks as often whether all others do. Parts are handed out
 * in another document, which all members of all groups share and which changes only with them.
 */
export class Member {
  readonly #settings: MemberSettings
  readonly #life: Life
  readonly #sightings = new Sightings()
  readonly #shares = new Map<string, GroupShare>()
  /** As it was last read or written. */
  #assignment: Assignment = emptyAssignment
  #revision: number | undefined
  #opening: Promise<void> | undefined
  readonly #running = new AsyncDisposableStack()
  #isEnded = false
  #showing: Promise<void> | undefined
  /** Looks go one after the other: what is read is never older than what was written here. */
  #looking: Promise<void> = Promise.resolve()
  #looksWaiting = 0
  #shownAtMs = -Infinity
  #lookedAtMs = -Infinity
  #wasWoken = false

  constructor(settings: MemberSettings) {
    this.#settings = settings
    this.#life = new Life(settings)
  }

  /** Resolves when it has its share, as far as it is free. */
  async join(group: string, parts: readonly string[]): Promise<PartOwnership> {
    if (this.#shares.has(group)) throw joinedTwice(this.#settings.memberId, group)
    const share = new GroupShare({
      group,
      parts,
      logger: this.#settings.logger,
      assigned: () => (this.#life.isCertain ? this.#mine(group, parts) : []),
      released: () => void this.#lookQuietly(),
      leave: () => this.#leave(group),
    })
    this.#shares.set(group, share)
    try {
      // What is open stays so, also where the look that comes next fails: others may rest on it.
      this.#opening ??= this.#open().catch((error: unknown) => {
        this.#opening = undefined
        throw error
      })
      await this.#opening
      await this.#look()
      return share
    } catch (thrown) {
      this.#shares.delete(group)
      if (this.#shares.size === 0) {
        this.#settings.ended()
        await this.#end()
      }
      throw thrown
    }
  }

  async #open(): Promise<void> {
    const { table, clock, renewMs } = this.#settings
    await this.#show()
    for await (const document of table.list(memberPrefix))
      if (document.key !== this.#life.key)
        this.#sightings.see(document.key, document, clock.monotonic())
    this.#running.use(await table.watch(() => this.#wake()))
    this.#running.use(clock.every(renewMs / ticksPerRenewal, () => this.#tick()))
  }

  async #leave(group: string): Promise<void> {
    this.#shares.delete(group)
    const isLast = this.#shares.size === 0
    if (isLast) this.#settings.ended()
    await this.#lookQuietly()
    if (isLast) await this.#end()
  }

  async #end(): Promise<void> {
    this.#isEnded = true
    await this.#running.disposeAsync()
    await this.#showing
    await this.#looking
    await this.#sayGoodbye()
    await this.#life.end().catch((error: unknown) => this.#note('says goodbye', error))
  }

  /** Where it is alone, nobody else ever takes its name away. */
  async #sayGoodbye(): Promise<void> {
    for (let triesLeft = maxFarewells; triesLeft > 0 && this.#isNamed; triesLeft--)
      await this.#look().catch(() => undefined)
    const { memberId, logger } = this.#settings
    const message = `${memberId} ended without a goodbye: it counts as a member until another one looks`
    if (this.#isNamed) logger.warn({ memberId }, message)
  }

  get #isNamed(): boolean {
    const { identity } = this.#life
    return identity !== undefined && this.#assignment.members.has(identity)
  }

  #tick(): void {
    for (const share of this.#shares.values()) void share.tellChange()
    const now = this.#settings.clock.monotonic()
    if (now >= this.#shownAtMs + this.#settings.renewMs) void this.#showQuietly()
    const isDue = now >= this.#lookedAtMs + this.#settings.renewMs
    if (isDue || this.#sightings.dead(now).length > 0) void this.#lookQuietly()
    else if (this.#wasWoken) void this.#lookQuietly(true)
  }

  /** Those who show that they live wake everybody too, so it is looked with the next tick. */
  #wake(): void {
    this.#wasWoken = true
  }

  async #showQuietly(): Promise<void> {
    if (this.#showing || this.#isEnded) return
    this.#showing = this.#show().catch((error: unknown) => this.#note('shows that it lives', error))
    await this.#showing
    this.#showing = undefined
  }

  async #show(): Promise<void> {
    const { clock, memberId, logger } = this.#settings
    this.#shownAtMs = clock.monotonic()
    if (await this.#life.show()) return
    const message = `${memberId} was taken for dead, and gave up its parts: it was held up for longer than its lease`
    logger.warn({ memberId }, message)
    this.#tellChanges()
    await this.#lookQuietly()
  }

  async #lookQuietly(ifChanged = false): Promise<void> {
    // One that waits will see what there is to be seen.
    if (this.#looksWaiting > (ifChanged ? 0 : 1)) return
    await this.#look(ifChanged).catch((error: unknown) =>
      this.#note('looks after its parts', error),
    )
  }

  #look(ifChanged = false): Promise<void> {
    this.#looksWaiting++
    const looking = this.#looking.then(() => {
      this.#looksWaiting--
      return this.#lookNow(ifChanged)
    })
    this.#looking = looking.catch(() => undefined)
    return looking
  }

  async #lookNow(ifChanged: boolean): Promise<void> {
    const { table, clock } = this.#settings
    this.#wasWoken = false
    for (;;) {
      const { identity } = this.#life
      const found = await table.get(assignmentKey)
      if (ifChanged && found?.revision === this.#revision) return
      this.#lookedAtMs = clock.monotonic()
      const current = readAssignment(found?.text)
      // Whoever stands in what was read was there before, so that one who is not there now is dead.
      await this.#seeOthers(current)
      this.#adopt(current, found?.revision)
      // Another life began meanwhile: under the key of the one before there may be another member, and
      // it was not looked for.
      if (this.#life.identity !== identity) continue
      if (await this.#reassign(current, found)) return
    }
  }

  async #seeOthers({ members }: Assignment): Promise<void> {
    const { table, clock } = this.#settings
    const named = [...members.values()].map(({ key }) => key)
    const keys = new Set([...named, ...this.#sightings.keys])
    const documents = await table.getMany([...keys].filter((key) => key !== this.#life.key))
    const now = clock.monotonic()
    for (const key of keys) this.#sightings.see(key, documents.get(key), now)
    for (const { key, revision } of this.#sightings.dead(now)) {
      // Where it shows after all that it lives, it is seen with the next look.
      if (await table.remove(key, revision)) this.#sightings.see(key, undefined, now)
    }
  }

  /** False where somebody else was faster. */
  async #reassign(current: Assignment, found: Document | undefined): Promise<boolean> {
    const reassigned = this.#reassigned(current)
    if (!reassigned) return true
    const { assignment, surplus } = reassigned
    for (const [group, parts] of surplus) this.#shares.get(group)?.giveUp(parts)
    const text = assignmentText(assignment)
    if (text === (found?.text ?? assignmentText(emptyAssignment))) return true
    const { table } = this.#settings
    const revision = await table.put(assignmentKey, text, found?.revision)
    if (revision === undefined) return false
    this.#adopt(assignment, revision)
    return true
  }

  #reassigned(current: Assignment): Reassigned | undefined {
    const standpoint = this.#standpoint()
    if (standpoint) return reassign(current, standpoint)
    const { identity } = this.#life
    // To leave one need not see anybody.
    if (identity === undefined || this.#shares.size > 0) return undefined
    return { assignment: without(current, identity), surplus: new Map() }
  }

  /** None where it may be taken for dead: under its key there may be another by now, whom it doesn't see. */
  #standpoint(): Standpoint | undefined {
    const { identity, key, isCertain } = this.#life
    if (identity === undefined || key === undefined || !isCertain) return undefined
    const isAlive = (other: string): boolean => this.#sightings.isAlive(other)
    const name = { key, memberId: this.#settings.memberId }
    return { identity, name, isAlive, groups: this.#shares }
  }

  #adopt(assignment: Assignment, revision: number | undefined): void {
    this.#assignment = assignment
    this.#revision = revision
    for (const [group, share] of this.#shares) share.settle(this.#mine(group, share.parts))
    this.#tellChanges()
  }

  #mine(group: string, parts: readonly string[]): readonly string[] {
    const { identity } = this.#life
    const owners = this.#assignment.groups.get(group)?.owners
    if (identity === undefined || !owners) return []
    return parts.filter((part) => owners.get(part) === identity)
  }

  #tellChanges(): void {
    for (const share of this.#shares.values()) void share.tellChange()
  }

  /** It is tried again with the next tick. */
  #note(what: string, error: unknown): void {
    const { memberId, logger } = this.#settings
    if (this.#isEnded) return
    logger.debug({ memberId }, `${memberId} ${what}, and failed: ${messageOf(error)}`)
  }
}

function joinedTwice(memberId: string, group: string): AetherError {
  return new AetherError('invalid-argument', `${memberId} is a member of ${group} already`)
}
