import assert from 'node:assert/strict'
import { copyFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import type { EventStore } from '../../../store/index.ts'
import { sqlite } from '../sqlite-backend.ts'
import { WriteAheadRoom } from './write-ahead-room.ts'

const opened = { type: 'Opened', data: {} }

/** Appends one after the other, and gives how long the log was after each. */
async function lengthsAfter(file: string, store: EventStore, count: number): Promise<number[]> {
  const lengths: number[] = []
  for (let number = 1; number <= count; number++) {
    await store.append(`account-${number}`, [opened], { expectedVersion: 0 })
    lengths.push((await stat(`${file}-wal`)).size)
  }
  return lengths
}

describe('the log that is written ahead', () => {
  test('grows once for many small commits', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.db')
    await using store = await sqlite(file).openStore()
    const lengths = await lengthsAfter(file, store, 100)
    const firstRoom = lengths.findIndex(
      (length, index) => length - (lengths[index - 1] ?? 0) > 200_000,
    )
    const behind = new Set(lengths.slice(Math.max(0, firstRoom)))
    assert.ok(firstRoom >= 0 && behind.size < 40, lengths.join(' '))
  })

  test('has nothing in its room that a crash could bring back', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.db')
    await using store = await sqlite(file).openStore()
    await lengthsAfter(file, store, 50)
    const copy = join(folder.path, 'copy.db')
    for (const part of ['', '-wal']) await copyFile(`${file}${part}`, `${copy}${part}`)
    using db = new DatabaseSync(copy)
    assert.equal(db.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
    assert.equal(db.prepare('SELECT count(*) AS count FROM event').get()?.['count'], 50)
    assert.equal(db.prepare(`SELECT * FROM sqlite_schema WHERE name = 'room'`).get(), undefined)
  })

  test('is left as it is while another process writes', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.db')
    using db = new DatabaseSync(file)
    const room = new WriteAheadRoom(file)
    db.exec(
      'PRAGMA journal_mode = WAL; CREATE TABLE a (b); BEGIN IMMEDIATE; INSERT INTO a VALUES (1)',
    )
    const before = (await stat(`${file}-wal`)).size
    for (let commit = 0; commit < 20; commit++) room.committed()
    assert.equal((await stat(`${file}-wal`)).size, before)
    db.exec('COMMIT')
    assert.equal(db.prepare('SELECT count(*) AS count FROM a').get()?.['count'], 1)
  })
})
