import assert from 'node:assert/strict'
import type { Progress } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { at, first, Member, type ProjectionTargetSubject } from './subject.ts'

export const commitCases: readonly ConformanceCase<ProjectionTargetSubject>[] = [
  {
    name: 'what is written is stored with the progress, and there after opening again',
    async run(subject) {
      const member = await Member.of(subject, first)
      assert.deepEqual(await member.target.load(first), [])
      const stored = await member.commit(first, [at(7)], { a: 1, b: 2 })
      assert.deepEqual(withoutRevisions(stored), [{ part: '0', text: '{"position":7}' }])
      await member.target.activate(first)
      await member.target.close()
      await using again = await Member.of(subject, first)
      assert.deepEqual(await again.target.load(first), stored)
      assert.deepEqual(await subject.read(), { a: 1, b: 2 })
    },
  },
  {
    name: 'each commit gives a part another revision, which the next one expects',
    async run(subject) {
      await using member = await Member.of(subject, first)
      const seen = new Set<number>()
      let expected: number | undefined
      for (let position = 1; position <= 5; position++) {
        const [part] = (await member.commit(first, [at(position, expected)])) ?? []
        assert.ok(part)
        assert.deepEqual(await member.target.load(first), [part])
        expected = part.revision
        seen.add(expected)
      }
      assert.equal(seen.size, 5)
    },
  },
  {
    name: 'parts are given in the order of their names, each with its text as it was',
    async run(subject) {
      await using member = await Member.of(subject, first)
      const texts = ['Zoë 👩‍💻 \u0000"\\', 'x'.repeat(100_000), {}].map((value) =>
        JSON.stringify(value),
      )
      const parts = texts.map((text, i) => ({ part: String(2 - i), text, expected: undefined }))
      await member.commit(first, parts)
      const loaded = await member.target.load(first)
      assert.deepEqual(withoutRevisions(loaded), [
        { part: '0', text: texts[2] },
        { part: '1', text: texts[1] },
        { part: '2', text: texts[0] },
      ])
    },
  },
  {
    name: 'a part that is not as expected: nothing of the commit is stored, and it says so',
    async run(subject) {
      await using member = await Member.of(subject, first)
      const stored = await member.commit(first, [at(1), at(1, undefined, '1')], { a: 1 })
      const revision = stored?.[0]?.revision ?? Number.NaN
      await member.commit(first, [at(2, revision)], { a: 2 })
      await member.target.activate(first)
      const before = await member.target.load(first)
      const late = [
        [at(9, revision)],
        [at(9)],
        [at(9, 1, 'new')],
        [at(9, stored?.[1]?.revision, '1'), at(9, revision)],
        [at(9, undefined, 'new'), at(9, revision)],
      ]
      for (const parts of late)
        assert.equal(await member.commit(first, parts, { a: 9, b: 9 }), undefined)
      assert.deepEqual(await member.target.load(first), before)
      assert.deepEqual(await subject.read(), { a: 2 })
    },
  },
  {
    name: 'of two members at the same time one stores, and the other nothing',
    async run(subject) {
      await using one = await Member.of(subject, first)
      await using two = await Member.of(subject, first)
      await one.target.activate(first)
      let expected: number | undefined
      for (let round = 1; round <= 20; round++) {
        const outcomes = await Promise.all([
          one.commit(first, [at(round, expected)], { [`one-${round}`]: round, winner: 1 }),
          two.commit(first, [at(round, expected)], { [`two-${round}`]: round, winner: 2 }),
        ])
        const [winner, loser] = outcomes[0] ? ['one', 'two'] : ['two', 'one']
        const stored = outcomes.filter((outcome) => outcome !== undefined)
        assert.equal(stored.length, 1)
        assert.deepEqual(await one.target.load(first), stored[0])
        const read = await subject.read()
        assert.equal(read?.['winner'], winner === 'one' ? 1 : 2)
        assert.equal(read?.[`${winner}-${round}`], round)
        assert.equal(read?.[`${loser}-${round}`], undefined)
        expected = stored[0]?.[0]?.revision
      }
    },
  },
  {
    name: 'members with parts of their own do not disturb each other',
    async run(subject) {
      const members = await Promise.all(
        ['0', '1', '2', '3'].map(async (part) => ({
          part,
          member: await Member.of(subject, first),
        })),
      )
      await Promise.all(
        members.map(async ({ part, member }) => {
          let expected: number | undefined
          for (let position = 1; position <= 10; position++) {
            const change = at(position, expected, part)
            const stored = await member.commit(first, [change], { [part]: position })
            assert.ok(stored, 'nobody else has this part')
            expected = stored[0]?.revision
          }
        }),
      )
      await members[0]?.member.target.activate(first)
      assert.deepEqual(await subject.read(), { '0': 10, '1': 10, '2': 10, '3': 10 })
      for (const { member } of members) await member.target.close()
    },
  },
  {
    name: 'a throw in the write leaves nothing of it, and is thrown on',
    async run(subject) {
      await using member = await Member.of(subject, first)
      await member.target.activate(first)
      const [part] = (await member.commit(first, [at(1)], { a: 1 })) ?? []
      const error = new Error('a handler failed')
      await assert.rejects(
        member.fail(first, [at(2, part?.revision), at(2, undefined, '1')], { a: 2, b: 2 }, error),
        (thrown) => thrown === error,
      )
      assert.deepEqual(await member.target.load(first), [part])
      assert.deepEqual(await subject.read(), { a: 1 })
      assert.ok(await member.commit(first, [at(2, part?.revision)], { a: 2 }))
      assert.deepEqual(await subject.read(), { a: 2 })
    },
  },
  {
    name: 'a reader never sees half of a commit',
    async run(subject) {
      await using member = await Member.of(subject, first)
      await member.target.activate(first)
      let expected: number | undefined
      for (let round = 1; round <= 30; round++) {
        const [stored, ...reads] = await Promise.all([
          member.commit(first, [at(round, expected)], { a: round, z: round }),
          subject.read(),
          subject.read(),
        ])
        for (const read of reads) assert.equal(read?.['a'], read?.['z'])
        expected = stored?.[0]?.revision
      }
    },
  },
]

function withoutRevisions(
  parts: readonly Progress[] | undefined,
): readonly Pick<Progress, 'part' | 'text'>[] | undefined {
  return parts?.map(({ part, text }) => ({ part, text }))
}
