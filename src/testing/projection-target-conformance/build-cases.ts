import assert from 'node:assert/strict'
import type { ConformanceCase } from '../conformance-case.ts'
import { at, first, Member, type ProjectionTargetSubject, second } from './subject.ts'

export const buildCases: readonly ConformanceCase<ProjectionTargetSubject>[] = [
  {
    name: 'a build that nobody has prepared has no progress, takes none, and is not seen',
    async run(subject) {
      await using member = await Member.of(subject)
      assert.deepEqual(await member.target.load(first), [])
      assert.equal(await member.commit(first, [at(1)], { a: 1 }), undefined)
      await member.target.activate(first)
      await member.target.drop(second)
      assert.equal(await subject.read(), undefined)
      await member.target.prepare(first)
      assert.ok(await member.commit(first, [at(1)], { a: 1 }))
    },
  },
  {
    name: 'where it tells of its newest build, that is one that was prepared',
    async run(subject) {
      await using member = await Member.of(subject)
      const { target } = member
      if (!target.newestBuild) return
      assert.equal(await target.newestBuild(first.projection), 0)
      await target.prepare(first)
      await target.prepare(second)
      assert.equal(await target.newestBuild(first.projection), second.build)
      await target.drop(first)
      assert.equal(await target.newestBuild(first.projection), second.build)
      assert.equal(await target.newestBuild('another'), 0)
    },
  },
  {
    name: 'where it tells of which log a build is made, that is the one that was prepared first',
    async run(subject) {
      await using member = await Member.of(subject)
      const { target } = member
      if (!target.madeOf) return
      const [log, another] = ['one', 'two'].map((id) => ({ id, name: `sqlite:${id}.db` }))
      const made = async (): Promise<unknown> => (await target.madeOf?.(first.projection))?.id
      assert.equal(await made(), undefined)
      await target.prepare(first)
      assert.equal(await made(), undefined)
      for (const each of [log, log]) await target.prepare(first, each)
      assert.equal(await made(), 'one')
      const isRefused = { code: 'incompatible-store' }
      await assert.rejects(async () => target.prepare(first, another), isRefused)
      await assert.rejects(async () => target.prepare(first), isRefused)
      await using again = await Member.of(subject)
      assert.deepEqual({ ...(await again.target.madeOf?.(first.projection)) }, log)
      await target.prepare(second, another)
      assert.equal(await made(), 'two')
      assert.equal(await target.madeOf('another'), undefined)
    },
  },
  {
    name: 'where it tells of its place, that is one for all members, also after opening again',
    async run(subject) {
      const members = await Promise.all([1, 2, 3].map(() => Member.of(subject)))
      const places = await Promise.all(members.map(async ({ target }) => target.place?.()))
      const [place] = places
      if (place !== undefined) assert.notEqual(place, '')
      await members[0]?.target.prepare(first)
      for (const { target } of members) await target.close()
      await using again = await Member.of(subject, second)
      for (const other of [...places, await again.target.place?.()]) assert.equal(other, place)
      assert.deepEqual(await again.target.load(first), [])
    },
  },
  {
    name: 'preparing may be repeated, by several at once, and keeps what is there',
    async run(subject) {
      const members = await Promise.all([1, 2, 3].map(() => Member.of(subject)))
      await Promise.all(members.map(({ target }) => target.prepare(first)))
      const [member] = members
      assert.ok(member)
      const stored = await member.commit(first, [at(1)], { a: 1 })
      for (const { target } of members) await target.prepare(first)
      await member.target.activate(first)
      assert.deepEqual(await member.target.load(first), stored)
      assert.deepEqual(await subject.read(), { a: 1 })
      for (const { target } of members) await target.close()
    },
  },
  {
    name: 'a build is not seen before it is activated, nor its progress as that of another',
    async run(subject) {
      await using member = await Member.of(subject, first)
      await member.commit(first, [at(1)], { a: 1 })
      assert.equal(await subject.read(), undefined)
      await member.target.activate(first)
      await member.target.prepare(second)
      assert.deepEqual(await member.target.load(second), [])
      await member.commit(second, [at(1)], { b: 2 })
      assert.deepEqual(await subject.read(), { a: 1 })
    },
  },
  {
    name: 'two builds are written side by side, and a reader sees all of the one or all of the other',
    async run(subject) {
      await using member = await Member.of(subject, first, second)
      const old = await member.commit(first, [at(1)], { a: 1, z: 1 })
      await member.target.activate(first)
      const next = await member.commit(second, [at(1)], { a: 2, y: 2, z: 2 })
      await member.commit(first, [at(2, old?.[0]?.revision)], { late: 1 })
      assert.deepEqual(await subject.read(), { a: 1, z: 1, late: 1 })
      const [, ...reads] = await Promise.all([
        member.target.activate(second),
        ...Array.from({ length: 10 }, () => subject.read()),
      ])
      for (const read of reads)
        assert.deepEqual(read, read?.['late'] ? { a: 1, z: 1, late: 1 } : { a: 2, y: 2, z: 2 })
      assert.deepEqual(await subject.read(), { a: 2, y: 2, z: 2 })
      await member.commit(second, [at(2, next?.[0]?.revision)], { late: 2 })
      assert.deepEqual(await subject.read(), { a: 2, y: 2, z: 2, late: 2 })
    },
  },
  {
    name: 'activating may be repeated, and one that comes late with an older build changes nothing',
    async run(subject) {
      await using member = await Member.of(subject, first, second)
      await using late = await Member.of(subject)
      await member.commit(first, [at(1)], { a: 1 })
      await member.commit(second, [at(1)], { a: 2 })
      await Promise.all([member.target.activate(first), late.target.activate(first)])
      await Promise.all([member.target.activate(second), late.target.activate(second)])
      await late.target.activate(first)
      assert.deepEqual(await subject.read(), { a: 2 })
      await member.target.drop(first)
      await late.target.activate(first)
      assert.deepEqual(await subject.read(), { a: 2 })
    },
  },
  {
    name: 'what was activated is seen after opening again',
    async run(subject) {
      const member = await Member.of(subject, first, second)
      await member.commit(first, [at(1)], { a: 1 })
      await member.commit(second, [at(1)], { a: 2 })
      await member.target.activate(second)
      await member.target.close()
      await using again = await Member.of(subject, second)
      assert.deepEqual(await subject.read(), { a: 2 })
      assert.equal((await again.target.load(second)).length, 1)
    },
  },
  {
    name: 'a build that is dropped takes its progress along, and leaves the others',
    async run(subject) {
      await using member = await Member.of(subject, first, second)
      await member.commit(first, [at(1), at(1, undefined, '1')], { a: 1 })
      const next = await member.commit(second, [at(2)], { a: 2 })
      await member.target.activate(second)
      await Promise.all([member.target.drop(first), member.target.drop(first)])
      await member.target.drop(first)
      assert.deepEqual(await member.target.load(first), [])
      assert.deepEqual(await member.target.load(second), next)
      assert.deepEqual(await subject.read(), { a: 2 })
    },
  },
  {
    name: 'a member that comes late with a dropped build stores nothing, and is told',
    async run(subject) {
      await using member = await Member.of(subject, first, second)
      await using late = await Member.of(subject, first)
      const old = await late.commit(first, [at(1)], { a: 1 })
      await member.commit(second, [at(1)], { a: 2 })
      await member.target.activate(second)
      await member.target.drop(first)
      assert.equal(await late.commit(first, [at(2, old?.[0]?.revision)], { a: 9 }), undefined)
      assert.deepEqual(await late.target.load(first), [])
      assert.deepEqual(await subject.read(), { a: 2 })
    },
  },
]
