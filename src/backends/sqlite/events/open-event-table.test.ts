import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test as base, vi } from 'vitest'
import { AetherError, type ErrorCode } from '../../../core/index.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { schemaVersion } from './schema.ts'
import { sqlite } from '../sqlite-backend.ts'

/** The path of a file that does not exist yet, in a directory of its own. */
const test = base.extend<{ file: string }>({
  file: async ({}, use) => {
    await using folder = await temporaryFolder()
    await use(join(folder.path, 'events.db'))
  },
})

async function refuses(file: string, code: ErrorCode, complaint: string): Promise<void> {
  await assert.rejects(sqlite(file, { lockTimeoutMs: 20 }).openStore(), (error) => {
    assert.ok(error instanceof AetherError, String(error))
    assert.equal(error.message, `${file} ${complaint}`)
    assert.equal(error.code, code)
    return true
  })
}

function execute(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

async function opensAndStores(file: string): Promise<void> {
  await using store = await sqlite(file).openStore()
  const event = { type: 'Opened', data: {} }
  assert.ok((await store.append('account-alice', [event], { expectedVersion: 0 })).ok)
}

describe('opens', () => {
  test('a file that does not exist', ({ file }) => opensAndStores(file))

  test('an empty file', async ({ file }) => {
    await writeFile(file, '')
    await opensAndStores(file)
  })

  test('an empty database that another program made', async ({ file }) => {
    execute(file, 'PRAGMA application_id = 7; CREATE TABLE t (x); DROP TABLE t')
    await opensAndStores(file)
  })

  test('a symbolic link to a file that does not exist', async ({ file }) => {
    await symlink('elsewhere.db', file)
    await opensAndStores(file)
    assert.ok((await readFile(join(dirname(file), 'elsewhere.db'))).length > 0)
  })

  test('names with odd characters', async ({ file }) => {
    for (const name of ['a?mode=memory', 'a#b', '100%25', "it's", 'ä ö'])
      await opensAndStores(join(dirname(file), name))
  })

  test('a relative path, kept where it was when sqlite() was called', async ({ file }) => {
    const before = process.cwd()
    try {
      process.chdir(dirname(file))
      const backend = sqlite('events.db')
      assert.equal(backend.name, 'sqlite:events.db')
      process.chdir(tmpdir())
      await (await backend.openStore()).close()
    } finally {
      process.chdir(before)
    }
    assert.equal((await readFile(file)).subarray(0, 13).toString(), 'SQLite format')
  })

  test('again, and leaves one file behind', async ({ file }) => {
    await opensAndStores(file)
    await using store = await sqlite(file).openStore()
    assert.equal(await store.latestVersion('account-alice'), 1)
    await store.close()
    await assert.rejects(readFile(`${file}-wal`), { code: 'ENOENT' })
  })

  test('with every commit synced to the disk', async ({ file }) => {
    await opensAndStores(file)
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
    await using _store = await sqlite(file).openStore()
    const connection = exec.mock.contexts[0] as DatabaseSync
    exec.mockRestore()
    const setting = (name: string): unknown => connection.prepare(`PRAGMA ${name}`).get()?.[name]
    const full = 2
    assert.equal(setting('synchronous'), full)
    assert.equal(setting('fullfsync'), 1)
  })

  test('as soon as another process gives its lock back', async ({ file }) => {
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE t (x); DROP TABLE t; BEGIN EXCLUSIVE')
    const opening = sqlite(file).openStore()
    await new Promise(setImmediate)
    other.exec('COMMIT')
    await using store = await opening
    assert.equal(await store.latestVersion('account-alice'), 0)
    other.close()
  })
})

describe('refuses', () => {
  test.for([1, 15, 100, 511, 512, 5_000])('a text of %i bytes', async (size, { file }) => {
    await writeFile(file, 'x'.repeat(size))
    await refuses(file, 'incompatible-store', 'is not a SQLite database: choose another file')
    assert.equal((await readFile(file)).length, size)
  })

  test('the database of another program, and does not touch it', async ({ file }) => {
    const complaint = 'is the database of another program: choose another file'
    execute(file, 'CREATE TABLE event (position INTEGER PRIMARY KEY)')
    const before = await readFile(file)
    await refuses(file, 'incompatible-store', complaint)
    assert.deepEqual(await readFile(file), before)
    execute(file, 'PRAGMA application_id = 7')
    await refuses(file, 'incompatible-store', complaint)
  })

  test('a newer schema', async ({ file }) => {
    await opensAndStores(file)
    execute(file, `PRAGMA user_version = ${schemaVersion + 1}`)
    await refuses(
      file,
      'incompatible-store',
      `was made by a newer Aether (schema ${schemaVersion + 1}, this one knows ${schemaVersion}): upgrade this one`,
    )
  })

  test('a schema that never was', async ({ file }) => {
    await opensAndStores(file)
    execute(file, 'PRAGMA user_version = 0')
    await refuses(
      file,
      'incompatible-store',
      `has the unknown schema 0 (this Aether knows 1 to ${schemaVersion}): restore it from a backup`,
    )
  })

  test('a file of ours without its table', async ({ file }) => {
    execute(file, `PRAGMA application_id = 1095062600; PRAGMA user_version = 1; CREATE TABLE t (x)`)
    await refuses(
      file,
      'incompatible-store',
      'refused a statement (no such trigger: event_refuses_delete): its tables are not as Aether makes them, choose another file',
    )
  })

  test('a damaged file', async ({ file }) => {
    await opensAndStores(file)
    const bytes = await readFile(file)
    await writeFile(file, bytes.fill(0xee, 100, 4_096))
    await refuses(
      file,
      'incompatible-store',
      'is damaged (database disk image is malformed): restore it from a backup',
    )
  })

  test('a directory', async ({ file }) => {
    await mkdir(file)
    await refuses(file, 'incompatible-store', 'is a directory: choose a file in it')
  })

  test('what is neither file nor directory', () =>
    refuses('/dev/null', 'incompatible-store', 'is not a regular file: choose another one'))

  test('a missing directory', async ({ file }) => {
    await refuses(
      join(file, 'events.db'),
      'store-unavailable',
      `cannot be made: its directory does not exist, make ${file} first`,
    )
  })

  test('a path through a file', async ({ file }) => {
    await writeFile(file, '')
    await refuses(join(file, 'events.db'), 'store-unavailable', unreachable('ENOTDIR'))
  })

  test('a name that is too long', async ({ file }) => {
    const path = join(dirname(file), 'x'.repeat(300))
    await refuses(path, 'store-unavailable', unreachable('ENAMETOOLONG'))
  })

  test('a file that stays locked', async ({ file }) => {
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE t (x); DROP TABLE t; BEGIN EXCLUSIVE')
    await refuses(
      file,
      'store-unavailable',
      'stays locked by another process: end that one, or try again later',
    )
    other.close()
    await opensAndStores(file)
  })
})

function unreachable(reason: string): string {
  return `cannot be opened for writing (${reason}): choose another path`
}

describe('sqlite() refuses', () => {
  base.for([
    ['', 'sqlite() needs the path of a file, not ""'],
    ['a\0b', 'sqlite() needs the path of a file, not "a\\u0000b"'],
    [undefined, 'sqlite() needs the path of a file, not undefined'],
    [':memory:', 'sqlite() keeps events in a file; to keep them in memory use memory()'],
    ['file:x.db', 'sqlite() needs a plain path, not the URI "file:x.db"'],
  ])('the file %j', ([file, message]) => {
    assert.throws(() => sqlite(file as string), { code: 'invalid-argument', message })
  })

  base.for([0, -1, 1.5, Number.NaN, Infinity, '5'])('the bound %j', (wrong) => {
    for (const name of ['maxCommitsPerTransaction', 'maxWaitingCommits', 'lockTimeoutMs']) {
      assert.throws(() => sqlite('x.db', { [name]: wrong }), {
        code: 'invalid-argument',
        message: `${name} of sqlite() must be a whole number from 1, not ${String(wrong)}`,
      })
    }
  })
})
