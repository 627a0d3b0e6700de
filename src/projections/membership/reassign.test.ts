import { describe, expect, test } from 'vitest'
import { fc } from '../../../test/support/fast-check.ts'
import { type Assignment, emptyAssignment } from './assignment.ts'
import { reassign, type Standpoint } from './reassign.ts'

const parts = ['0', '1', '2', '3', '4', '5', '6', '7']

interface Sight {
  readonly alive?: readonly string[]
  readonly released?: readonly string[]
  readonly of?: readonly string[]
}

function seenBy(
  identity: string,
  { alive = [], released = [], of = parts }: Sight = {},
): Standpoint {
  return {
    identity,
    name: { key: `member/${identity}`, memberId: identity },
    isAlive: (other) => alive.includes(other),
    groups: new Map([['g', { parts: of, released: new Set(released) }]]),
  }
}

function ownedBy(assignment: Assignment, identity: string): readonly string[] {
  const owners = assignment.groups.get('g')?.owners ?? new Map<string, string>()
  return [...owners].flatMap(([part, owner]) => (owner === identity ? [part] : []))
}

describe('reassign', () => {
  test('who is alone has all at once', () => {
    const { assignment, surplus } = reassign(emptyAssignment, seenBy('a'))
    expect(ownedBy(assignment, 'a')).toEqual(parts)
    expect(surplus.size).toBe(0)
  })

  test('a second one gets what the first releases, and takes nothing before', () => {
    const alive = ['a', 'b']
    const alone = reassign(emptyAssignment, seenBy('a')).assignment
    const joined = reassign(alone, seenBy('b', { alive })).assignment
    expect(ownedBy(joined, 'a')).toEqual(parts)
    const asked = reassign(joined, seenBy('a', { alive }))
    expect(asked.surplus.get('g')).toEqual(['4', '5', '6', '7'])
    expect(ownedBy(asked.assignment, 'a')).toEqual(parts)
    const released = reassign(joined, seenBy('a', { alive, released: ['4', '5', '6', '7'] }))
    const shared = reassign(released.assignment, seenBy('b', { alive })).assignment
    expect([ownedBy(shared, 'a'), ownedBy(shared, 'b')]).toEqual([
      ['0', '1', '2', '3'],
      ['4', '5', '6', '7'],
    ])
  })

  test('what one releases as it is its due again is nobody’s, and then its own', () => {
    const alone = reassign(emptyAssignment, seenBy('a')).assignment
    const released = reassign(alone, seenBy('a', { released: ['6', '7'] })).assignment
    expect(ownedBy(released, 'a')).toEqual(parts.slice(0, 6))
    expect(ownedBy(reassign(released, seenBy('a')).assignment, 'a')).toEqual(parts)
  })

  test('what the dead had goes to the living, and the dead are forgotten', () => {
    const alone = reassign(emptyAssignment, seenBy('a')).assignment
    const { assignment } = reassign(alone, seenBy('b'))
    expect(ownedBy(assignment, 'b')).toEqual(parts)
    expect([...assignment.members.keys()]).toEqual(['b'])
  })

  test('who takes part in nothing leaves everything, and no trace', () => {
    const alone = reassign(emptyAssignment, seenBy('a')).assignment
    const left = reassign(alone, { ...seenBy('a', { alive: ['a'] }), groups: new Map() })
    expect(left.assignment).toEqual(emptyAssignment)
  })

  test('however many come, the shares come to differ by one at most, and then nothing moves', () => {
    const scenario = fc.record({
      count: fc.integer({ min: 1, max: 12 }),
      members: fc.integer({ min: 1, max: 7 }),
      turns: fc.array(fc.nat({ max: 6 }), { minLength: 0, maxLength: 40 }),
    })
    fc.assert(
      fc.property(scenario, ({ count, members, turns }) => {
        const of = parts.concat(['8', '9', '10', '11']).slice(0, count)
        const alive = Array.from({ length: members }, (_, n) => `m${n}`)
        let assignment: Assignment = emptyAssignment
        const take = (who: string): boolean => {
          const before = JSON.stringify([...(assignment.groups.get('g')?.owners ?? [])])
          const released = reassign(assignment, seenBy(who, { alive, of })).surplus.get('g') ?? []
          assignment = reassign(assignment, seenBy(who, { alive, of, released })).assignment
          return JSON.stringify([...(assignment.groups.get('g')?.owners ?? [])]) !== before
        }
        for (const turn of turns) take(alive[turn % members] as string)
        for (let round = 0; round < 2 * members + 2; round++) for (const who of alive) take(who)
        const shares = alive.map((who) => ownedBy(assignment, who).length)
        expect(shares.reduce((a, b) => a + b)).toBe(count)
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
        expect(alive.map(take)).not.toContain(true)
      }),
    )
  })
})
