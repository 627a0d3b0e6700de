import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'vitest'
import { MalformedEventError, type StoredEvent } from '../../../core/index.ts'
import type { EventStore } from '../../../store/index.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { sqlite } from '../sqlite-backend.ts'

interface Columns {
  readonly actor: string
  readonly data: string
  readonly metadata: string
}

const well: Columns = { actor: 'account-alice', data: '{}', metadata: '{}' }

/** A store with two events of alice, then this row at position 3, then one more of bob. */
async function withRow(row: Columns, run: (store: EventStore) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  const events = [1, 2].map((n) => ({ type: 'Counted', data: { n } }))
  await store.append('account-alice', events, { expectedVersion: 0 })
  const db = new DatabaseSync(file)
  db.prepare(`INSERT INTO event VALUES (3, ?, 3, 'x', 'Broken', '2026-01-01', ?, ?)`).run(
    row.actor,
    row.data,
    row.metadata,
  )
  db.close()
  await store.append('account-bob', events, { expectedVersion: 0 })
  await run(store)
}

/** What a read gives before it fails, and how it fails. */
async function readUntilFailure(
  events: AsyncIterable<StoredEvent>,
): Promise<{ positions: number[]; failure: unknown }> {
  const positions: number[] = []
  try {
    for await (const event of events) positions.push(event.position)
  } catch (failure) {
    return { positions, failure }
  }
  return { positions, failure: undefined }
}

function assertMalformed(failure: unknown, raw: string): asserts failure is MalformedEventError {
  assert.ok(failure instanceof MalformedEventError, `malformed, not ${String(failure)}`)
  assert.equal(failure.code, 'malformed-event')
  assert.equal(failure.position, 3)
  assert.equal(failure.raw, raw)
  assert.ok(failure.cause instanceof Error)
}

describe('a row that cannot be read stops the replay there', () => {
  test.for<[string, keyof Columns, string]>([
    ['data that is no JSON', 'data', '{"n":'],
    ['data that is empty', 'data', ''],
    ['data with something behind it', 'data', '{} {}'],
    ['metadata that is no JSON', 'metadata', '{"a"}'],
    ['metadata that is a list', 'metadata', '["a"]'],
    ['metadata that is null', 'metadata', 'null'],
    ['metadata that is text', 'metadata', '"a"'],
    ['metadata with a number in it', 'metadata', '{"userId":7}'],
  ])('%s', ([, column, raw]) =>
    withRow({ ...well, [column]: raw }, async (store) => {
      for (const events of [store.read('account-alice'), store.readAll()]) {
        const { positions, failure } = await readUntilFailure(events)
        assert.deepEqual(positions, [1, 2])
        assertMalformed(failure, raw)
        assert.equal(failure.actorId, 'account-alice')
      }
      for (const limit of [3, 600]) {
        const atOnce = store.read('account-alice', { limit }).toArray()
        assertMalformed(await atOnce.catch((failure: unknown) => failure), raw)
      }
      assert.equal((await store.read('account-alice', { limit: 2 }).toArray()).length, 2)
      // What stands behind it or elsewhere can be read all the same.
      assert.equal((await Array.fromAsync(store.read('account-bob'))).length, 2)
      assert.equal((await Array.fromAsync(store.readAll({ after: 3 }))).length, 2)
    }),
  )

  test.for([
    'account',
    '',
    '-alice',
    'account-',
    '1a-alice',
    'account-a.b',
    'account-=41',
    'account-=zz',
    'account-=C3',
    'account-é',
  ])('the actor %j', (actor) =>
    withRow({ ...well, actor }, async (store) => {
      const { positions, failure } = await readUntilFailure(store.readAll())
      assert.deepEqual(positions, [1, 2])
      assertMalformed(failure, actor)
      assert.equal(failure.actorId, undefined)
    }),
  )
})

describe('a row that cannot be read', () => {
  const broken = { ...well, data: '{"n":' }

  test('stands in the place of the event when malformed ones are collected', () =>
    withRow(broken, async (store) => {
      for (const events of [
        store.read('account-alice', { onMalformed: 'collect' }),
        store.readAll({ onMalformed: 'collect', limit: 3 }),
      ]) {
        const [first, second, third] = await events.toArray()
        assert.deepEqual([first?.position, second?.position], [1, 2])
        assertMalformed(third, broken.data)
      }
    }))

  test('is left out when malformed ones are skipped', () =>
    withRow(broken, async (store) => {
      const log = await Array.fromAsync(store.readAll({ onMalformed: 'skip' }))
      assert.deepEqual(
        log.map((event) => event.position),
        [1, 2, 4, 5],
      )
      const backwards = { onMalformed: 'skip', direction: 'backwards' } as const
      const most = { ...backwards, limit: 2 }
      assert.deepEqual(
        (await store.read('account-alice', most).toArray()).map((event) => event.version),
        [2, 1],
      )
      const alice = await store.read('account-alice', backwards).toArray()
      assert.deepEqual(
        alice.map((event) => event.version),
        [2, 1],
      )
    }))
})
