import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test as base } from 'vitest'
import { backupSqlite, sqlite } from '../../src/backends/sqlite/index.ts'
import { open } from '../../src/index.ts'
import type { ErrorCode } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { Account } from '../projections/bank.ts'
import { totals } from '../projections/totals.ts'
import { StoreProcess } from '../processes/store-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Of some 8,000 pages, so that they are not copied in one go. */
const data = 'x'.repeat(30_000)

interface Fixture {
  /** Has events of `account-x`. */
  readonly file: string
  /** Does not exist, in a folder of its own. */
  readonly copy: string
}

const test = base.extend<Fixture>({
  file: async ({}, use) => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.db')
    await using store = await sqlite(file).openStore()
    const events = Array.from({ length: 1_000 }, () => ({ type: 'Noted', data }))
    await store.append('account-x', events, { expectedVersion: 0 })
    await store.saveSnapshot('account-x', { version: 9, state: 'nine', shape: 's' })
    await store.close()
    await use(file)
  },
  copy: async ({}, use) => {
    await using folder = await temporaryFolder()
    await use(join(folder.path, 'copy.db'))
  },
})

async function eventIds(store: EventStore): Promise<string[]> {
  return Array.fromAsync(store.readAll(), (event) => event.id)
}

/** Appends one event after the other until it is to end; answers with their number. */
async function write(process: StoreProcess, isEnded: () => boolean): Promise<number> {
  for (let count = 0; ; count++) {
    if (isEnded()) return count
    const [outcome] = await process.append([{ actorId: 'account-x', expectedVersion: 'any' }])
    assert.ok(outcome?.version, JSON.stringify(outcome))
  }
}

describe('a backup', () => {
  test('has all that was acknowledged before, while two processes go on writing', async ({
    file,
    copy,
  }) => {
    await using first = await StoreProcess.start()
    await using second = await StoreProcess.start()
    await Promise.all([first.open(file), second.open(file)])
    await using store = await sqlite(file).openStore()
    let isEnded = false
    const writing = [first, second].map((process) => write(process, () => isEnded))
    for (const target of [copy, `${copy}-2`, `${copy}-3`]) {
      const before = await eventIds(store)
      const progress: [number, number][] = []
      await backupSqlite(file, target, { onProgress: (...done) => progress.push(done) })
      const after = await eventIds(store)

      await using restored = await sqlite(target).openStore()
      const inside = await eventIds(restored)
      assert.ok(inside.length >= before.length)
      assert.deepEqual(inside, after.slice(0, inside.length))
      assert.equal((await restored.loadSnapshot('account-x', { shape: 's' }))?.state, 'nine')
      // It never began anew, and ended.
      const done = progress.map(([pages]) => pages)
      assert.ok(done.length > 3)
      assert.deepEqual(
        done,
        done.toSorted((a, b) => a - b),
      )
      assert.equal(progress.at(-1)?.[0], progress.at(-1)?.[1])
    }
    isEnded = true
    const written = (await Promise.all(writing)).reduce((sum, count) => sum + count)
    assert.ok(written > 0)
    assert.equal(await store.latestVersion('account-x'), 1_000 + written)
  })

  test('is one whole file, a store of its own', async ({ file, copy }) => {
    await backupSqlite(file, copy)
    assert.deepEqual(await readdir(dirname(copy)), [basename(copy)])
    const db = new DatabaseSync(copy)
    assert.deepEqual({ ...db.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' })
    db.close()
    await using restored = await sqlite(copy).openStore()
    const event = { type: 'Noted', data: 1 }
    assert.ok((await restored.append('account-x', [event], { expectedVersion: 1_000 })).ok)
    await using store = await sqlite(file).openStore()
    assert.equal(await store.latestVersion('account-x'), 1_000)
  })

  test('of paths relative to where it is called', async ({ file, copy }) => {
    const before = process.cwd()
    try {
      process.chdir(dirname(file))
      const backing = backupSqlite(basename(file), basename(copy))
      process.chdir(dirname(copy))
      await backing
    } finally {
      process.chdir(before)
    }
    await using store = await sqlite(join(dirname(file), basename(copy))).openStore()
    assert.equal(await store.latestVersion('account-x'), 1_000)
  })

  test('that fails half-way leaves nothing', async ({ file, copy }) => {
    const failure = new Error('stop')
    const onProgress = (): never => {
      throw failure
    }
    await assert.rejects(backupSqlite(file, copy, { onProgress }), failure)
    assert.deepEqual(await readdir(dirname(copy)), [])
    assert.deepEqual(await readdir(dirname(file)), [basename(file)])
  })

  test('that is given up leaves nothing', async ({ file, copy }) => {
    const controller = new AbortController()
    const { signal } = controller
    let told = 0
    const onProgress = (): void => {
      told++
      controller.abort(new Error('enough'))
    }
    await assert.rejects(backupSqlite(file, copy, { signal, onProgress }), /^Error: enough$/)
    await assert.rejects(backupSqlite(file, copy, { signal, onProgress }), /^Error: enough$/)
    assert.equal(told, 1)
    assert.deepEqual(await readdir(dirname(copy)), [])
  })

  test('that waits for a lock is given up as well', async ({ file, copy }) => {
    const other = new DatabaseSync(file)
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
    const controller = new AbortController()
    const copying = backupSqlite(file, copy, { signal: controller.signal })
    setImmediate(() => controller.abort(new Error('enough')))
    await assert.rejects(copying, /^Error: enough$/)
    other.close()
  })

  test('whose name is taken meanwhile leaves that alone', async ({ file, copy }) => {
    const writing: Promise<void>[] = []
    const onProgress = (): void => void writing.push(writeFile(copy, 'mine', { flag: 'a' }))
    await refuses(file, copy, 'invalid-argument', `${copy} ${takenMessage}`, { onProgress })
    await Promise.all(writing)
    assert.match(await readFile(copy, 'utf8'), /^(mine)+$/)
    assert.deepEqual(await readdir(dirname(copy)), [basename(copy)])
  })
})

test('a backup of tables is what they were at one moment, while their projection goes on', async () => {
  await using folder = await temporaryFolder()
  const [events, file, copy] = ['events.db', 'views.db', 'copy.db'].map((name) =>
    join(folder.path, name),
  ) as [string, string, string]
  const patience = { timeoutMs: 60_000 }
  const start = ({ Totals }: ReturnType<typeof totals>) =>
    open({ backend: sqlite(events), actors: [Account], projections: [Totals] })
  const deposits = 60
  {
    const tables = totals(file)
    await using node = await start(tables)
    let copying: Promise<void> | undefined
    for (let left = deposits; left > 0; left--) {
      const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
      await node.projection(tables.Totals).reached(position, patience)
      if (left === deposits / 2) copying = backupSqlite(file, copy)
    }
    await copying
  }
  for (const end of ['', '-wal', '-shm']) await rm(file + end, { force: true })
  await rename(copy, file)
  const tables = totals(file)
  const total = async (): Promise<unknown> =>
    (await tables.target.read<{ total: number }>`SELECT total FROM total`)[0]?.total
  await using node = await start(tables)
  await node.projection(tables.Totals).reached(deposits, patience)
  assert.equal(await total(), deposits)
})

const takenMessage = 'exists already, and a backup overwrites nothing: choose another name'

describe('a backup is refused', () => {
  test.for(['', '-wal', '-journal'])('where there is a %j already', async (end, { file, copy }) => {
    await writeFile(copy + end, 'mine')
    await refuses(file, copy, 'invalid-argument', `${copy}${end} ${takenMessage}`)
    assert.equal(await readFile(copy + end, 'utf8'), 'mine')
  })

  test('over the store itself', ({ file }) =>
    refuses(file, file, 'invalid-argument', `${file} ${takenMessage}`))

  test('of a file that does not exist, which it does not make', async ({ copy }) => {
    const missing = join(dirname(copy), 'missing.db')
    const message = `${missing} cannot be backed up: there is no such file`
    await refuses(missing, copy, 'store-unavailable', message)
    assert.deepEqual(await readdir(dirname(copy)), [])
  })

  test('of what is no store', async ({ copy }) => {
    const other = join(dirname(copy), 'other.db')
    await writeFile(other, '')
    await refuses(
      other,
      copy,
      'incompatible-store',
      `${other} is empty: there is nothing to back up`,
    )
    const db = new DatabaseSync(other)
    db.exec('CREATE TABLE t (x)')
    db.close()
    const message = `${other} is the database of another program: choose another file`
    await refuses(other, copy, 'incompatible-store', message)
  })

  test('into a directory that does not exist', async ({ file, copy }) => {
    const lost = join(copy, 'copy.db')
    const message = `${lost} cannot be made: its directory does not exist, make ${copy} first`
    await refuses(file, lost, 'store-unavailable', message)
  })

  test('in the name of a directory', async ({ file, copy }) => {
    await mkdir(copy)
    await refuses(file, copy, 'invalid-argument', `${copy} ${takenMessage}`)
  })
})

async function refuses(
  file: string,
  copy: string,
  code: ErrorCode,
  message: string,
  options?: { onProgress(): void },
): Promise<void> {
  await assert.rejects(backupSqlite(file, copy, options), { code, message })
}
