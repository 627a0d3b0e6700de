import { AetherError, silentLogger, systemClock } from '../../core/index.ts'
import {
  type ParkedActor,
  type ProjectionStatus,
  ReaderDesk,
  type RebuildOptions,
  type Skip,
  type ViewListOptions,
  ViewReader,
} from '../../projections/index.ts'
import type { EventStore } from '../../store/index.ts'
import { loadReaders } from '../load-module.ts'
import { openExisting } from '../store-option.ts'
import type { Steering, ViewDocument } from './steering.ts'

/**
 * What a module exports, as a store that is there tells of it: nothing is run.
 * @throws AetherError `invalid-module`, `store-unavailable`
 */
export async function openStoreSteering(module: string, backend: string): Promise<Steering> {
  const readers = await loadReaders(module)
  const store = await openExisting(backend)
  // Whoever steers is told by what is written.
  const around = { store, clock: systemClock, logger: silentLogger }
  try {
    const desks = readers.map(({ model }) => new ReaderDesk(model, around))
    return new StoreSteering(store, desks)
  } catch (error) {
    await store.close()
    throw error
  }
}

class StoreSteering implements Steering {
  readonly #store: EventStore
  readonly #desks: readonly ReaderDesk[]

  constructor(store: EventStore, desks: readonly ReaderDesk[]) {
    this.#store = store
    this.#desks = desks
  }

  list(): Promise<readonly ProjectionStatus[]> {
    return Promise.all(this.#desks.map((desk) => desk.status()))
  }

  async status(name: string): Promise<ProjectionStatus> {
    return this.#desk(name).status()
  }

  async *documents(name: string, options: ViewListOptions): AsyncGenerator<ViewDocument> {
    yield* this.#view(name).list(options)
  }

  async document(name: string, key: string): Promise<ViewDocument | undefined> {
    const state: unknown = await this.#view(name).get(key)
    return state === undefined ? undefined : { key, state }
  }

  async pause(name: string, isPaused: boolean): Promise<void> {
    await this.#desk(name).pause(isPaused)
  }

  async rebuild(name: string, options: RebuildOptions): Promise<number> {
    return this.#desk(name).rebuild(options)
  }

  async parked(name: string): Promise<readonly ParkedActor[]> {
    return this.#desk(name).parked()
  }

  async retry(name: string, actorId: string): Promise<boolean> {
    return this.#desk(name).retry(actorId)
  }

  async retryAll(name: string): Promise<readonly string[]> {
    return this.#desk(name).retryAll()
  }

  async skip(name: string, actorId: string, skip: Skip): Promise<boolean> {
    return this.#desk(name).skip(actorId, skip)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const desk of this.#desks) await desk[Symbol.asyncDispose]()
    await this.#store.close()
  }

  #view(name: string): ViewReader {
    const desk = this.#desk(name)
    const { kind } = desk.model
    if (kind === 'view')
      return new ViewReader(this.#store, async () => desk.numbered((await desk.read()).active))
    throw new AetherError(
      'unknown-projection',
      `the ${kind} ${name} is no view: it has no documents`,
    )
  }

  #desk(name: string): ReaderDesk {
    const desk = this.#desks.find(({ model }) => model.name === name)
    if (desk) return desk
    const known = this.#desks.map(({ model }) => model.name).join(', ')
    const message = `the module exports no view, projection or policy ${JSON.stringify(name)}, but ${known}`
    throw new AetherError('unknown-projection', message)
  }
}
