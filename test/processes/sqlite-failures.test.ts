import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import { sqlite } from '../../src/backends/sqlite/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { Append } from './sqlite-store-child.ts'
import { StoreProcess } from './store-process.ts'

interface Fixture {
  /** A directory that everybody may enter. */
  readonly directory: string
}

const test = base.extend<Fixture>({
  directory: async ({}, use) => {
    await using folder = await temporaryFolder()
    await chmod(folder.path, 0o777)
    await use(folder.path)
    await chmod(folder.path, 0o777)
  },
})

/** Root may write everything, so it has to be somebody else. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {}

async function makeStore(file: string): Promise<void> {
  await using store = await sqlite(file).openStore()
  await store.append('account-x', [{ type: 'Noted', data: '' }], { expectedVersion: 0 })
}

async function refusesNobody(file: string, complaint: string): Promise<void> {
  await using process = await StoreProcess.start(nobody)
  const { error } = await process.open(file)
  assert.deepEqual(error, { code: 'store-unavailable', message: `${file} ${complaint}` })
}

function unwritable(reason: string): string {
  return `cannot be opened for writing (${reason}): give this user write access to it and to its directory`
}

describe('without the permission', () => {
  test('to write the file', async ({ directory }) => {
    const file = join(directory, 'events.db')
    await makeStore(file)
    await chmod(file, 0o444)
    await refusesNobody(file, unwritable('EACCES'))
  })

  test('to write beside the file', async ({ directory }) => {
    const file = join(directory, 'events.db')
    await makeStore(file)
    await chmod(file, 0o666)
    await chmod(directory, 0o555)
    await refusesNobody(file, unwritable('attempt to write a readonly database'))
  })

  test('to make the file', async ({ directory }) => {
    const file = join(directory, 'events.db')
    await chmod(directory, 0o555)
    await refusesNobody(file, unwritable('EACCES'))
  })

  test('to enter the directory', async ({ directory }) => {
    const file = join(directory, 'closed', 'events.db')
    await mkdir(join(directory, 'closed'))
    await writeFile(file, '')
    await chmod(join(directory, 'closed'), 0)
    await refusesNobody(file, unwritable('EACCES'))
  })
})

describe('a disk that fails', () => {
  test('while a commit is written: nothing is acknowledged', async ({ directory }) => {
    const file = join(directory, 'events.db')
    await using process = await StoreProcess.start({ maxFileKiB: 256 })
    assert.deepEqual(await process.open(file), {})
    const small = (key: string): Append => ({ actorId: `account-${key}`, expectedVersion: 0 })
    const large: Append = { ...small('large'), data: 'x'.repeat(300_000) }
    const outcomes = await process.append([small('a'), large, small('b')])
    assert.deepEqual([outcomes[0], outcomes[2]], [{ version: 1 }, { version: 1 }])
    assert.equal(outcomes[1]?.error?.code, 'outcome-unknown')
    assert.match(outcomes[1]?.error?.message ?? '', /events\.db may or may not have been written/)

    await using store = await sqlite(file).openStore()
    const events = await Array.fromAsync(store.readAll())
    assert.deepEqual(
      events.map((event) => event.actorId),
      ['account-a', 'account-b'],
    )
    assert.deepEqual(await process.append([small('c')]), [{ version: 1 }])
  })
})

describe('a process that is killed', () => {
  test('has stored what it acknowledged, and whole commits only', async ({ directory }) => {
    const file = join(directory, 'events.db')
    await using process = await StoreProcess.start()
    await process.open(file)
    let acknowledged = 0
    const append: Append = { actorId: 'account-x', expectedVersion: 'any' }
    for (let n = 0; n < 20; n++)
      acknowledged += (await process.append(Array(10).fill(append))).length
    const interrupted = process.append(Array<Append>(5_000).fill(append))
    await Promise.all([process.kill(), assert.rejects(interrupted, /the process ended/)])

    await using store = await sqlite(file).openStore()
    const versions = (await Array.fromAsync(store.read('account-x'))).map((event) => event.version)
    assert.ok(versions.length >= acknowledged)
    assert.deepEqual(
      versions,
      Array.from({ length: versions.length }, (_, i) => i + 1),
    )
  })
})
