import { expect, test } from 'vitest'
import { AetherError } from '../../../core/index.ts'
import type { WriteOutcome } from '../../../store/index.ts'
import { GroupCommit } from './group-commit.ts'
import type { WriteRequest } from './write-request.ts'

const settings = { maxCommitsPerTransaction: 512, maxWaitingCommits: 10_000, lockTimeoutMs: 1 }
const unknown = new AetherError('outcome-unknown', 'the disk failed the COMMIT')
const away = new AetherError('store-unavailable', 'the disk is away')
const busy = Object.assign(new Error('it is locked'), { errcode: 5 })
const stored: WriteOutcome = { ok: true, parts: [] }
const conflict: WriteOutcome = { ok: false, partIndex: 0, currentVersion: 1 }

/** What becomes of three appends whose transaction the disk may have, and which are then tried one by one. */
async function triedAgain(...tries: readonly (WriteOutcome | Error)[]): Promise<unknown[]> {
  const left = [...tries]
  const writer = new GroupCommit(
    (requests) => {
      if (requests.length > 1) throw unknown
      const outcome = (left.length > 1 ? left.shift() : left[0]) ?? away
      if (outcome instanceof Error) throw outcome
      return [outcome]
    },
    'events.db',
    settings,
  )
  const request: WriteRequest = { commit: { id: 'c', time: '', parts: [] }, parts: [], rowCount: 1 }
  const settled = await Promise.allSettled(tries.map(() => writer.write(request)))
  return settled.map((each) =>
    each.status === 'fulfilled' ? each.value.ok : (each.reason as AetherError).code,
  )
}

test.each([
  ['the disk is away by then', [away, away, away], Array(3).fill('outcome-unknown')],
  ['the file stays locked', [busy, busy, busy], Array(3).fill('outcome-unknown')],
  [
    'nothing was written by another',
    [conflict, away, away],
    [false, ...Array(2).fill('outcome-unknown')],
  ],
  [
    'another was written in its place',
    [stored, away, away],
    [true, ...Array(2).fill('store-unavailable')],
  ],
])('an append that the disk may have is not told as not stored: %s', async (_when, tries, told) => {
  expect(await triedAgain(...tries)).toEqual(told)
})

test('what comes later is told its own failure', async () => {
  let tries = 0
  const writer = new GroupCommit(
    () => {
      throw tries++ === 0 ? unknown : away
    },
    'events.db',
    settings,
  )
  const request: WriteRequest = { commit: { id: 'c', time: '', parts: [] }, parts: [], rowCount: 1 }
  const both = [writer.write(request), writer.write(request)]
  for (const write of both) await expect(write).rejects.toBe(unknown)
  await expect(writer.write(request)).rejects.toBe(away)
})
