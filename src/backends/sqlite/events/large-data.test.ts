import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { encodeKey, type StoredEvent } from '../../../core/index.ts'
import type { LogEntry } from '../../../store/index.ts'
import { connect } from '../file/connect.ts'
import { EventTable } from './event-table.ts'
import { EventTrimming } from './event-trimming.ts'
import { openEventTable } from './open-event-table.ts'
import { sqlite } from '../sqlite-backend.ts'
import { SqliteCommitLog } from './sqlite-commit-log.ts'
import { settingsOf } from './sqlite-options.ts'

const megabyte = 'é'.repeat(500_000)
/** Small and large in turn, in characters of one byte and of two; 40 MB in all. */
const data = Array.from({ length: 80 }, (_, n) => (n % 2 === 0 ? `${n}` : `${n}${megabyte}`))

test('large events are read a few at a time, in their order and whole', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  for (let start = 0; start < data.length; start += 10) {
    const events = data.slice(start, start + 10).map((each) => ({ type: 'A', data: each }))
    await store.append('a-1', events, { expectedVersion: start })
  }
  const log = new SqliteCommitLog(await openEventTable(file, settingsOf({})), settingsOf({}))
  const range = { first: 1, last: Infinity, limit: Infinity } as const
  const all = { after: 0, limit: Infinity, filter: {} }
  const reads = {
    forwards: log.read('a-1', { ...range, direction: 'forwards' }, undefined),
    backwards: log.read('a-1', { ...range, direction: 'backwards' }, undefined),
    log: log.readAll(all, undefined),
    filtered: log.readAll({ ...all, filter: { actorTypes: ['a'] } }, undefined),
  }
  for (const [name, batches] of Object.entries(reads)) {
    const read: LogEntry[] = []
    for await (const batch of batches) {
      expect(JSON.stringify(batch).length, name).toBeLessThan(10_000_000)
      read.push(...batch)
    }
    const inOrder = name === 'backwards' ? read.toReversed() : read
    expect(inOrder.map((entry) => (entry as StoredEvent).data)).toEqual(data)
  }
  expect((await store.read('a-1').toArray()).map((event) => event.data)).toEqual(data)
  const some = await store.read('a-1', { fromVersion: 2, limit: 3 }).toArray()
  expect(some.map((event) => event.data)).toEqual(data.slice(1, 4))
  await log.close()
})

test('what is large and no event stands in its place', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  const events = ['one', 'two', 'three'].map((each) => ({ type: 'A', data: each }))
  await store.append('a-1', events, { expectedVersion: 0 })
  using db = new DatabaseSync(file)
  db.exec('DROP TRIGGER event_refuses_update')
  db.prepare('UPDATE event SET data = ? WHERE version = 2').run('x'.repeat(100_000))
  const read = await Array.fromAsync(store.readAll({ onMalformed: 'collect' }))
  expect(read.map((entry) => entry.position)).toEqual([1, 2, 3])
  expect(read[1]).toMatchObject({ code: 'malformed-event' })
})

describe('where another process trims while a page is read, a read of an actor', () => {
  const retention = { keepForMs: 3_600_000 }
  const large = 20
  const count = 519

  /** Reads through a connection that another one trims for, right behind the query of the first large page. */
  async function versionsRead(direction: 'forwards' | 'backwards'): Promise<readonly number[]> {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.db')
    await using store = await sqlite(file, { retention }).openStore()
    const old = Array.from({ length: count }, (_, index) => ({
      version: index + 1,
      time: '2020-01-01T00:00:00.000Z',
      type: 'A',
      data: index < large ? 'x'.repeat(100_000) : 1,
    }))
    await store.save('a-1', old)
    await store.append('a-1', [{ type: 'A', data: 1 }], { expectedVersion: count })

    using other = connect(file)
    const trimming = new EventTrimming(other, retention)
    const db = connect(file)
    const prepare = db.prepare.bind(db)
    db.prepare = (query) => {
      const statement = prepare(query)
      const get = statement.get.bind(statement)
      const trimThenGet = (position: number): unknown => {
        trimming.removeSome(encodeKey('a-1'), large)
        return get(position)
      }
      if (query.startsWith('SELECT data FROM event')) Object.assign(statement, { get: trimThenGet })
      return statement
    }
    const log = new SqliteCommitLog(new EventTable(db, file), settingsOf({}))
    const range = { first: 1, last: Infinity, direction, limit: Infinity }
    const entries = (await Array.fromAsync(log.read('a-1', range, undefined))).flat()
    expect(await store.trimmedVersion('a-1')).toBe(large)
    await log.close()
    return entries.map((entry) => (entry as StoredEvent).version)
  }

  test.for(['forwards', 'backwards'] as const)(
    '%s repeats and misses nothing',
    async (direction) => {
      const versions = await versionsRead(direction)
      const all = Array.from({ length: count + 1 }, (_, index) => index + 1)
      expect(versions).toEqual(direction === 'forwards' ? all : all.toReversed())
    },
  )
})
