import { channel } from 'node:diagnostics_channel'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { until } from '../../../../test/support/until.ts'
import { Checkpoints } from './checkpoints.ts'
import { connect } from './connect.ts'
import { checkpointPages, writeAhead } from './write-ahead.ts'

/** A file with checkpoints, and the threads that are started for it. */
async function fileWith(cores: number) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const file = join(folder.path, 'views.db')
  const db = connect(file)
  stack.defer(() => {
    if (db.isOpen) db.close()
  })
  writeAhead(db, file, 'NORMAL')
  db.exec('CREATE TABLE page (bytes BLOB) STRICT')
  const checkpoints = stack.adopt(new Checkpoints(db, file, { cores }), (each) => each.close())
  const threads: Worker[] = []
  const note = (message: unknown): void => {
    threads.push((message as { worker: Worker }).worker)
  }
  channel('worker_threads').subscribe(note)
  stack.defer(() => {
    channel('worker_threads').unsubscribe(note)
  })
  const all = stack.move()
  const write = (pages: number): void => {
    db.prepare('INSERT INTO page VALUES (zeroblob(?))').run(pages * 4096)
    checkpoints.committed()
  }
  return {
    ...{ folder: folder.path, file, db, checkpoints, threads, write },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** How many pages are in the file itself. */
async function pagesIn(file: string): Promise<number> {
  return (await stat(file)).size / 4096
}

function autocheckpointOf(db: DatabaseSync): number {
  return db.prepare('PRAGMA wal_autocheckpoint').get()?.['wal_autocheckpoint'] as number
}

test('what is written ahead comes into the file while more is written', async () => {
  await using file = await fileWith(2)
  file.write(100)
  expect(file.threads).toEqual([])
  file.write(1_500)
  const isDone = async (): Promise<boolean> => {
    file.write(1)
    return (await pagesIn(file.file)) > 1_500
  }
  await until(isDone, { description: 'a thread has put it there' })
  file.write(300)
  const areFewDone = async (): Promise<boolean> => {
    file.checkpoints.committed()
    return (await pagesIn(file.file)) > 1_800
  }
  await until(areFewDone, { description: 'it has put a few more there' })
  expect(file.threads).toHaveLength(1)
  // Whoever writes leaves it to the thread, up to a bound.
  expect(autocheckpointOf(file.db)).toBe(4 * checkpointPages)
  await file.checkpoints.close()
  file.db.close()
  expect(await readdir(file.folder)).toEqual(['views.db'])
})

test('a thread that nobody needs any more ends, and all is as before', async () => {
  await using file = await fileWith(2)
  file.write(1_500)
  const isDone = async (): Promise<boolean> => {
    file.checkpoints.committed()
    return (await pagesIn(file.file)) > 1_500
  }
  await until(isDone, { description: 'a thread has put it there' })
  await until(() => autocheckpointOf(file.db) === checkpointPages, {
    description: 'SQLite does it again',
  })
  expect(file.threads.map(({ threadId }) => threadId)).toEqual([-1])
  file.write(1_500)
  expect(file.threads).toHaveLength(2)
})

test('a thread that ends of itself is done without', async () => {
  await using file = await fileWith(2)
  file.write(1_500)
  await file.threads[0]?.terminate()
  file.write(checkpointPages)
  expect(await pagesIn(file.file)).toBeGreaterThan(checkpointPages)
})

test('a file that is gone is not made anew', async () => {
  await using file = await fileWith(2)
  await rm(file.file)
  file.write(1_500)
  await until(() => file.threads[0]?.threadId === -1, { description: 'the thread has given up' })
  expect(await readdir(file.folder)).not.toContain('views.db')
  file.write(1_500)
  expect(file.threads).toHaveLength(1)
  expect(autocheckpointOf(file.db)).toBe(checkpointPages)
})

test('a single core has no use for it', async () => {
  await using file = await fileWith(1)
  file.write(checkpointPages - 500)
  expect(file.threads).toEqual([])
  file.write(1_000)
  expect(await pagesIn(file.file)).toBeGreaterThan(checkpointPages)
})
