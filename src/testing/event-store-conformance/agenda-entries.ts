import assert from 'node:assert/strict'
import { type ActorId, AetherError, systemClock } from '../../core/index.ts'
import type { Agenda, AgendaEntry, EventStore, HandOut, TakeEntry } from '../../store/index.ts'

export const alice: ActorId = 'account-alice'
export const options = { types: ['account'], concurrency: 16, leaseMs: 30_000 }
const always = (): boolean => true

export function reminder(given: Partial<AgendaEntry> = {}): AgendaEntry {
  const due = systemClock.now() + 3_600_000
  return { actorId: alice, kind: 'reminder', name: 'r', due, text: 'text', ...given }
}

export function message(name: string): AgendaEntry {
  return { actorId: alice, kind: 'message', name, due: systemClock.now(), text: 'text' }
}

export function put(store: EventStore, entry: AgendaEntry): Promise<boolean> {
  return agendaOf(store).put(entry, always)
}

export function hand(store: EventStore, take: TakeEntry, asked = options): AsyncDisposable {
  return agendaOf(store).handOut(asked, take)
}

/** The types of which something waits. */
export async function waitingFor(
  handingOut: HandOut,
): Promise<readonly (readonly [string, number])[]> {
  return [...(await handingOut.waiting())].filter(([, count]) => count > 0)
}

/** One who takes entries, and is done with each once it is released. */
export function slowTaker() {
  const taken: string[] = []
  const { promise, resolve: release } = Promise.withResolvers<void>()
  const take: TakeEntry = async ({ name }) => {
    taken.push(name)
    await promise
    return undefined
  }
  return { taken, release, take }
}

/**
 * Puts off one reminder, prefers another and removes a third, all before their time: a store that was
 * too slow for that is given twice the time. Resolves with what the texts of the last attempt end with.
 */
export async function changeInTime(store: EventStore): Promise<string> {
  for (let leadMs = 400; ; leadMs *= 2) {
    const attempt = `${leadMs} ms ahead`
    const due = systemClock.now() + leadMs
    for (const name of ['later', 'sooner', 'never'])
      await put(store, reminder({ name, due, text: `unchanged, ${attempt}` }))
    await put(store, reminder({ name: 'later', due: due + 700, text: `later, ${attempt}` }))
    await put(store, reminder({ name: 'sooner', due: due - leadMs, text: `sooner, ${attempt}` }))
    await agendaOf(store).remove(reminder({ name: 'never' }))
    if (systemClock.now() < due) return attempt
  }
}

export function agendaOf({ agenda }: EventStore): Agenda {
  assert.ok(agenda, 'the store has no agenda')
  return agenda
}

export async function listed(store: EventStore, actorId?: ActorId): Promise<AgendaEntry[]> {
  return (await Array.fromAsync(agendaOf(store).list(actorId, Infinity))).toSorted(byName)
}

export function byName(a: AgendaEntry, b: AgendaEntry): number {
  return a.name < b.name ? -1 : 1
}

export function nameOf({ name }: AgendaEntry): string {
  return name
}

export function textOf({ text }: AgendaEntry): string {
  return text
}

export function isClosed(error: unknown): boolean {
  return error instanceof AetherError && error.code === 'closed'
}
