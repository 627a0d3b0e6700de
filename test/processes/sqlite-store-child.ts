import { sqlite } from '../../src/backends/sqlite/index.ts'
import { type ActorId, isAetherError, messageOf } from '../../src/core/index.ts'
import type { EventStore, ExpectedVersion } from '../../src/store/index.ts'

// A process with an event store in it, which does what its parent says: see StoreProcess.

export type Order =
  | { readonly do: 'nothing' }
  | { readonly do: 'open'; readonly file: string }
  /** All at the same time. */
  | { readonly do: 'append'; readonly appends: readonly Append[] }

export interface Append {
  readonly actorId: ActorId
  readonly expectedVersion: ExpectedVersion
  /** @default '' */
  readonly data?: string
}

/** What came of it: the new version, or the current one in a conflict, or an error. */
export interface Outcome {
  readonly version?: number
  readonly conflict?: number
  readonly error?: { readonly code: string; readonly message: string }
}

let store: EventStore | undefined

async function obey(order: Order): Promise<readonly Outcome[]> {
  switch (order.do) {
    case 'nothing':
      return [{}]
    case 'open':
      return [await outcomeOf(open(order.file))]
    case 'append':
      return Promise.all(order.appends.map((append) => outcomeOf(carryOut(append))))
  }
}

async function open(file: string): Promise<Outcome> {
  await store?.close()
  store = await sqlite(file).openStore()
  return {}
}

async function carryOut({ actorId, expectedVersion, data = '' }: Append): Promise<Outcome> {
  if (!store) throw new Error('no store was opened')
  const result = await store.append(actorId, [{ type: 'Noted', data }], { expectedVersion })
  return result.ok ? { version: result.version } : { conflict: result.conflict.currentVersion }
}

function outcomeOf(work: Promise<Outcome>): Promise<Outcome> {
  return work.catch((error: unknown) => ({
    error: { code: isAetherError(error) ? error.code : 'unexpected', message: messageOf(error) },
  }))
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  void obey(order).then((outcomes) => process.send?.({ id, outcomes }))
})
process.on('disconnect', () => void store?.close())
