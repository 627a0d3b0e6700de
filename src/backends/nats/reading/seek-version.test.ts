import {
  array,
  assert,
  asyncProperty,
  integer,
  record,
} from '../../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { noHead } from './actor-heads.ts'
import { type Landmark, seekVersion } from './seek-version.ts'

/** Commits of these sizes, each so many messages of other actors after the one before. */
function history(steps: readonly { gap: number; size: number }[]): Landmark[] {
  let [sequence, version] = [0, 0]
  return steps.map(({ gap, size }) => {
    const firstVersion = version + 1
    sequence += gap
    version += size
    return { sequence, firstVersion, lastVersion: version }
  })
}

async function seek(
  commits: readonly Landmark[],
  version: number,
): Promise<{ waste: number; questions: number }> {
  let questions = 0
  const start = await seekVersion(version, noHead, commits.at(-1)!, async (sequence) => {
    questions++
    return commits.find((commit) => commit.sequence >= sequence)
  })
  const next = commits.find((commit) => commit.sequence > start.sequence)
  expect(next?.firstVersion).toBe(start.version + 1)
  expect(start.version).toBeLessThan(version)
  return { waste: version - start.version - 1, questions }
}

test('whatever the history, the place found is right before a commit, and not too late', async () => {
  const step = record({ gap: integer({ min: 1, max: 50 }), size: integer({ min: 1, max: 30 }) })
  await assert(
    asyncProperty(array(step, { minLength: 1, maxLength: 60 }), integer(), async (steps, pick) => {
      const commits = history(steps)
      const last = commits.at(-1)!
      await seek(commits, 1 + (Math.abs(pick) % last.firstVersion))
    }),
  )
})

test('in an even history one or two questions leave little to read for nothing', async () => {
  const commits = history(Array.from({ length: 10_000 }, () => ({ gap: 20, size: 1 })))
  for (const version of [100, 5_000, 9_900]) {
    const { waste, questions } = await seek(commits, version)
    expect(questions).toBeLessThanOrEqual(2)
    expect(waste).toBeLessThan(64)
  }
})

test('near the beginning nothing is asked', async () => {
  const commits = history(Array.from({ length: 1_000 }, () => ({ gap: 1, size: 1 })))
  expect(await seek(commits, 50)).toEqual({ waste: 49, questions: 0 })
})

test('in an uneven history the questions are bounded', async () => {
  const late = Array.from({ length: 5_000 }, () => ({ gap: 1, size: 1 }))
  const commits = history([{ gap: 1, size: 1 }, { gap: 1_000_000, size: 1 }, ...late])
  const { waste, questions } = await seek(commits, 4_000)
  expect(questions).toBeLessThanOrEqual(8)
  expect(waste).toBeLessThan(64)
})
