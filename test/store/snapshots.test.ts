import { describe, expect, onTestFinished, test } from 'vitest'
import { MemoryCommitLog } from '../../src/backends/memory/memory-commit-log.ts'
import { MemorySnapshotShelf } from '../../src/backends/memory/memory-snapshot-shelf.ts'
import { type ActorId, AetherError, type Logger } from '../../src/core/index.ts'
import { CommitLogEventStore } from '../../src/store/index.ts'

const alice: ActorId = 'account-alice'
const shape = 's'

/** The shelf of memory, with something that happens right after the next load. */
class EventfulShelf extends MemorySnapshotShelf {
  afterLoad: () => Promise<unknown> = async () => undefined

  override async load(actorId: ActorId): Promise<string | undefined> {
    const text = await super.load(actorId)
    const { afterLoad } = this
    this.afterLoad = async () => undefined
    await afterLoad()
    return text
  }
}

interface Scene {
  readonly shelf: EventfulShelf
  readonly warnings: (readonly [fields: object, message: string])[]
  /** A store over the shelf and a new log, which has so many events of alice. */
  open(events: number): Promise<CommitLogEventStore>
}

function scene(): Scene {
  const shelf = new EventfulShelf()
  const warnings: Scene['warnings'] = []
  const logger = { warn: (fields, message) => void warnings.push([fields, message]) } as Logger
  const open = async (count: number): Promise<CommitLogEventStore> => {
    const store = new CommitLogEventStore(new MemoryCommitLog(), shelf, { logger })
    onTestFinished(() => store.close())
    const events = Array.from({ length: count }, () => ({ type: 'Grown', data: null }))
    await store.append(alice, events, { expectedVersion: 0 })
    return store
  }
  return { shelf, warnings, open }
}

describe('a load that fails', () => {
  test('is told to the logger, and there is no snapshot', async () => {
    const { shelf, warnings, open } = scene()
    const store = await open(1)
    shelf.afterLoad = () => Promise.reject(new AetherError('store-unavailable', 'it is away'))
    expect(await store.loadSnapshot(alice, { shape })).toBeUndefined()
    expect(warnings).toEqual([
      [{ actorId: alice }, 'the snapshot of account-alice is not used: it is away'],
    ])
  })

  test('for the store being closed says so', async () => {
    const { shelf, warnings, open } = scene()
    const store = await open(1)
    shelf.afterLoad = () => Promise.reject(new AetherError('closed', 'it was closed'))
    await expect(store.loadSnapshot(alice, { shape })).rejects.toMatchObject({ code: 'closed' })
    expect(warnings).toEqual([])
  })

  test('for its signal gives the reason', async () => {
    const { shelf, warnings, open } = scene()
    const store = await open(1)
    const abort = new AbortController()
    const reason = new Error('enough')
    shelf.afterLoad = async () => {
      abort.abort(reason)
      throw new Error('another one')
    }
    const loading = store.loadSnapshot(alice, { shape, signal: abort.signal })
    await expect(loading).rejects.toBe(reason)
    expect(warnings).toEqual([])
  })
})

test('what is of no use for a good reason is not told', async () => {
  const { warnings, open } = scene()
  const store = await open(2)
  await store.loadSnapshot(alice, { shape })
  await store.saveSnapshot(alice, { version: 2, state: null, shape: 'another' })
  await store.loadSnapshot(alice, { shape })
  await store.loadSnapshot(alice, { shape: 'another', maxVersion: 1 })
  expect(warnings).toEqual([])
})

describe('a snapshot of a history that is no more', () => {
  test('is of no use, and does not stand in the way of others', async () => {
    const { warnings, open } = scene()
    await (await open(5)).saveSnapshot(alice, { version: 5, state: 'lost', shape })
    const store = await open(2)
    expect(await store.loadSnapshot(alice, { shape })).toBeUndefined()
    expect(warnings).toHaveLength(1)
    expect(await store.saveSnapshot(alice, { version: 1, state: 'kept', shape })).toBe(true)
    expect(await store.loadSnapshot(alice, { shape })).toMatchObject({ version: 1, state: 'kept' })
  })

  test('is not confused with one that came meanwhile', async () => {
    const { shelf, open } = scene()
    await (await open(5)).saveSnapshot(alice, { version: 5, state: 'lost', shape })
    const store = await open(2)
    // Found out to be foreign, and replaced by a good one before we can.
    shelf.afterLoad = () => store.saveSnapshot(alice, { version: 2, state: 'newest', shape })
    expect(await store.saveSnapshot(alice, { version: 1, state: 'older', shape })).toBe(false)
    expect(await store.loadSnapshot(alice, { shape })).toMatchObject({ state: 'newest' })
  })
})

test('trimming keeps what a snapshot needs that a load does not show yet', async () => {
  class LaggingShelf extends MemorySnapshotShelf {
    override async load(): Promise<undefined> {}
    loadNewest = (actorId: ActorId): Promise<string | undefined> => super.load(actorId)
  }
  const log = new MemoryCommitLog({ keepForMs: 0 })
  await using store = new CommitLogEventStore(log, new LaggingShelf())
  for (const version of [1, 2, 3]) {
    const time = `2026-01-0${version}T00:00:00.000Z`
    await store.save(alice, { version, type: 'Grown', data: null, time })
  }
  await store.saveSnapshot(alice, { version: 2, state: null, shape })
  await store.trim()
  const left = await Array.fromAsync(store.read(alice))
  expect(left.map(({ version }) => version)).toEqual([2, 3])
})
