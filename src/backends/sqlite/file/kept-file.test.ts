import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { until } from '../../../../test/support/until.ts'
import { sqlite } from '../sqlite-backend.ts'
import { sqliteTables } from '../projecting/sqlite-tables.ts'

const happened = [{ type: 'Happened', data: {} }]
const gone = (how: string): object => ({
  code: 'store-unavailable',
  message: expect.stringContaining(`was ${how} while it was open`),
})

test('a file that was removed takes nothing more, and is fine once it is put back', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  await store.append('a-1', happened, { expectedVersion: 0 })
  await rename(file, `${file}-elsewhere`)
  const append = () => store.append('a-1', happened, { expectedVersion: 1 })
  await expect(append()).rejects.toMatchObject(gone('removed'))
  await expect(store.lastPosition()).rejects.toMatchObject(gone('removed'))
  await rename(`${file}-elsewhere`, file)
  expect(await append()).toMatchObject({ ok: true })
})

test('a file in the place of which another one is takes nothing more', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  for (const name of [file, `${file}-wal`, `${file}-shm`]) await rm(name)
  await using _other = await sqlite(file).openStore()
  await expect(store.append('a-1', happened, { expectedVersion: 0 })).rejects.toMatchObject(
    gone('replaced by another file'),
  )
})

test('a file whose directory cannot be looked into takes nothing more either, and is fine later', async () => {
  await using folder = await temporaryFolder()
  const [place, way] = [join(folder.path, 'place'), join(folder.path, 'way')]
  await mkdir(place)
  await symlink(place, way)
  await using store = await sqlite(join(way, 'events.db')).openStore()
  const table = await store.table('leases')
  await rm(way)
  await symlink(way, way)
  const append = () => store.append('a-1', happened, { expectedVersion: 0 })
  const writes = [append, () => table.put('printer', 'ann', undefined), () => store.lastPosition()]
  for (const write of writes)
    await expect(write()).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('cannot be looked for'),
    })
  await rm(way)
  await symlink(place, way)
  expect(await append()).toMatchObject({ ok: true })
})

test('nor does it take messages, documents, snapshots or rows of projections, or give events away', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file, { retention: { keepForMs: 0 } }).openStore()
  await store.append('a-1', happened, { expectedVersion: 0 })
  const old = ['2020', '2021'].map((year, index) => ({
    ...{ version: index + 1, type: 'Happened', data: {} },
    time: `${year}-01-01T00:00:00.000Z`,
  }))
  await store.save('a-2', old)
  const table = await store.table('leases')
  await using target = sqliteTables({ file, tables: { sale: 'id TEXT PRIMARY KEY' } })
  const build = { projection: 'sales', build: 1 }
  await target.prepare(build)
  const message = { actorId: 'a-1', kind: 'message', name: 'm', due: 0, text: '' } as const
  await rename(file, `${file}-elsewhere`)
  const writes = {
    put: () => table.put('printer', 'ann', undefined),
    clear: () => table.clear(),
    message: async () => store.agenda?.put(message, () => true),
    snapshot: () => store.saveSnapshot('a-1', { version: 1, state: {}, shape: '1' }),
    commit: () => target.commit(build, [{ part: '0', text: '1', expected: undefined }], () => {}),
    trim: () => store.trim(),
  }
  for (const [name, write] of Object.entries(writes))
    await expect(write(), name).rejects.toMatchObject(gone('removed'))
  await rename(`${file}-elsewhere`, file)
  for (const write of Object.values(writes)) await write()
})

test.each(['-wal', '-shm'])(
  'a file beside which its %s was removed takes nothing more',
  async (end) => {
    await using folder = await temporaryFolder()
    const [file, name] = [join(folder.path, 'events.db'), join(folder.path, 'name.db')]
    await symlink(file, name)
    await using store = await sqlite(name).openStore()
    const table = await store.table('leases')
    await store.append('a-1', happened, { expectedVersion: 0 })
    await rm(file + end)
    const writes = [
      () => store.append('a-1', happened, { expectedVersion: 1 }),
      () => table.put('printer', 'ann', undefined),
      () => store.lastPosition(),
    ]
    for (const write of writes) await expect(write()).rejects.toMatchObject(gone('removed'))
    // What was acknowledged before is put into the file by whoever closes it.
    await store.close()
    await using again = await sqlite(file).openStore()
    expect(await again.latestVersion('a-1')).toBe(1)
  },
)

test('who follows the log of a file that was removed is told, and goes on once it is put back', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  const told: string[] = []
  const log = (_fields: object, message: string): void => void told.push(message)
  const logger = { debug: log, info: log, warn: log, error: log }
  await using store = await sqlite(file).openStore({ logger })
  await using others = await sqlite(file).openStore()
  const given = store.subscribe()[Symbol.asyncIterator]()
  await others.append('a-1', happened, { expectedVersion: 0 })
  await given.next()
  const next = given.next()
  await rename(file, `${file}-elsewhere`)
  await until(() => told.some((message) => message.includes('was removed while it was open')), {
    description: 'it is told',
  })
  await rename(`${file}-elsewhere`, file)
  await others.append('a-1', happened, { expectedVersion: 1 })
  expect((await next).value).toMatchObject({ version: 2 })
})
