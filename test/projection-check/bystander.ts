import { setTimeout as pause } from 'node:timers/promises'
import type { EventStore } from 'aether'
import { partNames, partOf } from '../../src/projections/progress/part.ts'
import { storedParts } from '../../src/projections/steering/build-run.ts'
import { ReaderDesk } from '../../src/projections/steering/reader-desk.ts'
import type { ReaderDefinition } from '../../src/projections/definition/reader-definition.ts'
import { ViewReader } from '../../src/projections/views/view-reader.ts'
import { systemClock } from '../../src/core/index.ts'
import { until } from '../support/until.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import type { Balance, District } from './books.ts'
import type { Reading } from './check-reads.ts'
import { Ledger } from './ledger.ts'
import type { Readers } from './readers.ts'

const partCount = 8

/** Somebody who reads and steers the readers of others, and runs none. */
export class Bystander implements AsyncDisposable {
  readonly readings: Reading[] = []
  rebuilds = 0
  pauses = 0
  readonly #readers: Readers
  readonly #store: EventStore
  readonly #desks: Readonly<Record<'balances' | 'districts' | 'books' | 'copying', ReaderDesk>>
  /** The builds that were seen to be read, of each reader. */
  readonly #builds = new Set<string>()

  readonly #complain: (text: string) => void

  /** @param complain is told what it could not do */
  constructor(readers: Readers, store: EventStore, complain: (text: string) => void) {
    this.#complain = complain
    this.#readers = readers
    this.#store = store
    const around = { store, clock: systemClock, logger: silent }
    const deskOf = ({ model }: ReaderDefinition): ReaderDesk => new ReaderDesk(model, around)
    const { balances, districts, books, copying } = readers
    this.#desks = {
      balances: deskOf(balances),
      districts: deskOf(districts),
      books: deskOf(books),
      copying: deskOf(copying),
    }
  }

  /** How often another build was read than before. */
  get switches(): number {
    const names = new Set([...this.#builds].map((each) => each.split(' ')[0]))
    return this.#builds.size - names.size
  }

  /** Reads all the time. */
  async readOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#readAll()
      } catch (error) {
        this.#complain(`bystander: ${String(error)}`)
      }
      await pause(300)
    }
  }

  /** Builds anew, or pauses for a moment, now and then, until it is over. */
  async steerOn(random: SeededRandom, isOver: () => boolean): Promise<void> {
    for (let turn = 0; !isOver(); turn++) {
      await pause(1_000 + random.below(4_000))
      const { balances, districts, books, copying } = this.#desks
      const desk = [books, balances, districts][turn % 3] as ReaderDesk
      try {
        if (random.chance(0.7)) await this.#rebuild(desk, random)
        else await this.#pauseAwhile(random.chance(0.3) ? copying : desk, random)
      } catch (error) {
        this.#complain(`bystander: ${String(error)}`)
      }
    }
    // What failed may have been done all the same.
    for (const desk of Object.values(this.#desks))
      await until(() => desk.pause(false).then(() => true), {
        description: `${desk.model.name} goes on`,
        timeoutMs: 120_000,
      })
  }

  /** The readers of which a build is under way still. */
  async rebuilding(): Promise<readonly string[]> {
    const states = Object.values(this.#desks).map(async (desk) => {
      const { active, builds, switching } = await desk.read()
      this.#builds.add(`${desk.model.name} ${active}`)
      return builds.length > 1 || switching ? [desk.model.name] : []
    })
    return (await Promise.all(states)).flat()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const desk of Object.values(this.#desks)) await desk[Symbol.asyncDispose]()
  }

  /** One that is under way is begun anew now and then; else none would ever be done. */
  async #rebuild(desk: ReaderDesk, random: SeededRandom): Promise<void> {
    const { builds } = await desk.read()
    if (builds.length > 1 && random.chance(0.8)) return
    await desk.rebuild()
    this.rebuilds++
  }

  async #pauseAwhile(desk: ReaderDesk, random: SeededRandom): Promise<void> {
    await desk.pause(true)
    this.pauses++
    await pause(random.below(1_500))
    await desk.pause(false)
  }

  async #readAll(): Promise<void> {
    const { balances, districts, books } = this.#desks
    const { tables } = this.#readers
    await this.#readView(balances, 'ledgers')
    await this.#readView(districts, 'districts')
    const floorOf = await this.#floorOf(books)
    if (!floorOf) return
    const rows = await tables.read<{ ledger: string; state: string }>`SELECT * FROM balance`
    const states = new Map(rows.map(({ ledger, state }) => [ledger, JSON.parse(state) as Balance]))
    this.readings.push({ where: 'the table of balances', of: 'ledgers', states, floorOf })
  }

  async #readView(desk: ReaderDesk, of: Reading['of']): Promise<void> {
    const where = `the view of ${desk.model.name}`
    const floorOf = await this.#floorOf(desk)
    if (!floorOf) return
    const active = async (): ReturnType<ConstructorParameters<typeof ViewReader>[1]> =>
      desk.numbered((await desk.read()).active)
    const found = await Array.fromAsync(
      new ViewReader<Balance | District>(this.#store, active).list(),
    )
    const states = new Map(found.map(({ key, state }) => [key, state]))
    this.readings.push({ where, of, states, floorOf })
  }

  /** Up to where events have taken effect by now; undefined before there is anything. */
  async #floorOf(desk: ReaderDesk): Promise<Reading['floorOf'] | undefined> {
    const { active } = await desk.read()
    this.#builds.add(`${desk.model.name} ${active}`)
    // As every node does before it believes in another build: who decided on it may be held up.
    await desk.target.activate(desk.numbered(active))
    const parts = await storedParts(desk.target, desk.numbered(active), partNames(partCount))
    if (parts.every(({ revision }) => revision === undefined)) return undefined
    return (ledger) => {
      const id = `${Ledger.type}-${ledger}`
      const state = parts[partOf(id, partCount)]?.state
      const held = [...(state?.held.values() ?? [])].find(({ actorId }) => actorId === id)
      return held ? held.position - 1 : (state?.position ?? 0)
    }
  }
}

function ignore(): void {}
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
