import { expect, test } from 'vitest'
import { type ActorId, processLogger, systemClock } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import type { ActorModel } from '../definition/model.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'

/** A keeper, and what it saves, each as soon as the test lets it. */
function scene() {
  const saving: { readonly actorId: ActorId; readonly end: (isSaved: boolean) => void }[] = []
  const saveSnapshot: EventStore['saveSnapshot'] = (actorId) =>
    new Promise((end) => saving.push({ actorId, end }))
  const store = { saveSnapshot } as Partial<EventStore> as EventStore
  const keeper = new SnapshotKeeper({ store, clock: systemClock, logger: processLogger })
  const offer = (actorId: ActorId): void =>
    keeper.offer(actorId, {
      model: { type: 'a', shape: 's' } as ActorModel,
      state: { version: 1, state: null },
      eventId: 'e-1',
      memory: undefined,
    })
  return { keeper, offer, saving }
}

async function steps(count: number): Promise<void> {
  for (let step = 0; step < count; step++) await Promise.resolve()
}

test('what is offered as the last save ends is saved, whenever it comes, and once', async () => {
  for (let between = 0; between < 12; between++) {
    const { keeper, offer, saving } = scene()
    const first = [1, 2, 3, 4].map((number): ActorId => `a-${number}`)
    first.forEach(offer)
    for (const { end } of saving) end(true)
    await steps(between)
    offer('a-late')
    await steps(20)
    expect(saving.map(({ actorId }) => actorId)).toEqual([...first, 'a-late'])
    saving.at(-1)?.end(true)
    await keeper.close()
  }
})

test('closing waits for the saves under way, and begins none', async () => {
  const { keeper, offer, saving } = scene()
  for (let number = 1; number <= 6; number++) offer(`a-${number}`)
  let isClosed = false
  const closing = keeper.close().then(() => (isClosed = true))
  await steps(20)
  expect(isClosed).toBe(false)
  for (const { end } of saving) end(true)
  await closing
  expect(saving).toHaveLength(4)
})
