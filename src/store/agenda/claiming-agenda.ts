import { AetherError, type ActorId, type Clock, type Logger } from '../../core/index.ts'
import type {
  Agenda,
  AgendaEntry,
  AgendaKey,
  HandOut,
  HandOutOptions,
  ReplacesEntry,
  TakeEntry,
} from './agenda.ts'
import type { ClaimTable } from './claim-table.ts'
import { HandingOut } from './handing-out.ts'

/** An agenda over any table of entries that can be claimed. */
export class ClaimingAgenda implements Agenda {
  readonly #table: ClaimTable
  readonly #clock: Clock
  readonly #logger: Logger
  #isClosed = false

  constructor(table: ClaimTable, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#table = table
    this.#clock = clock
    this.#logger = logger
  }

  async put(entry: AgendaEntry, replaces: ReplacesEntry): Promise<boolean> {
    this.#assertOpen()
    return this.#table.put(entry, replaces)
  }

  async remove(key: AgendaKey): Promise<boolean> {
    this.#assertOpen()
    return this.#table.remove(key)
  }

  async *list(actorId: ActorId | undefined, limit: number): AsyncGenerator<AgendaEntry> {
    this.#assertOpen()
    yield* this.#table.list(actorId, limit)
  }

  handOut(options: HandOutOptions, take: TakeEntry): HandOut {
    const { types, concurrency, leaseMs } = options
    const table = this.#table
    const around = { table, clock: this.#clock, logger: this.#logger }
    return new HandingOut(around, { types, concurrency, leaseMs, take })
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.#table.close()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new AetherError('closed', 'the event store was closed')
  }
}
