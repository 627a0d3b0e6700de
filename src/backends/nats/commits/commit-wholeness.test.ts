import { describe, expect, test } from 'vitest'
import { MalformedEventError } from '../../../core/index.ts'
import type { StoredPart } from './commit-message.ts'
import { CommitWholeness } from './commit-wholeness.ts'

/** A message: a part of a commit such as `a0/2`, a whole commit `b`, one that can't be read `?`. */
function part(text: string, sequence: number): StoredPart {
  if (text === '?') {
    const error = new MalformedEventError({ position: sequence, raw: '', cause: 'no' })
    return { sequence, previous: undefined, error }
  }
  const [, commitId = '', index, count] = /^([a-z])(?:(\d)\/(\d))?$/.exec(text) ?? []
  return {
    sequence,
    commitId,
    part: index === undefined ? undefined : [Number(index), Number(count)],
    previous: 0,
    links: [],
    pages: [],
    firstVersion: 1,
    lastVersion: 1,
    events: [],
  }
}

/** What is found in messages with the sequences from 1; `_` is one that is missing. */
function findingsIn(messages: string, beginsInside = false): string[] {
  const check = new CommitWholeness(beginsInside, false)
  const findings = messages.split(' ').flatMap((text, index) => {
    return text === '_' ? [] : [...check.next(part(text, index + 1))]
  })
  return [...findings, ...check.end()].map(
    ({ kind, position }) => `${kind === 'torn-commit' ? 'torn' : 'removed'} ${position / 1_024}`,
  )
}

describe('commits over several messages', () => {
  test.each([
    'a b c',
    'a0/2 a1/2',
    'a b0/3 b1/3 b2/3 c',
    'a0/2 a1/2 b0/2 b1/2',
    'a0/2 a1/2 a0/2 a1/2',
    '? a ?',
    'a0/3 ? a2/3 b',
    'a0/2 ? b',
    '? a1/2 b',
    '? ? a2/4 a3/4',
  ])('are whole in %s', (messages) => {
    expect(findingsIn(messages)).toEqual([])
  })

  test.each([
    ['a0/2 b', ['torn 1']],
    ['a1/2 b', ['torn 1']],
    ['a0/3 a2/3', ['torn 1', 'torn 2']],
    ['a0/2 b1/2', ['torn 1', 'torn 2']],
    ['a0/2 a1/3 a2/3', ['torn 1', 'torn 2']],
    ['a0/3 a1/3 a1/3 a2/3', ['torn 1', 'torn 3']],
    ['x a1/4 a2/4 a3/4', ['torn 2']],
    ['? a2/3', ['torn 2']],
    ['? x a1/2', ['torn 3']],
    ['a0/2 _ a1/2', ['removed 2', 'torn 1', 'torn 3']],
    ['a _ _ b', ['removed 2']],
    ['? _ a1/2', ['removed 2', 'torn 3']],
  ])('are told where %s', (messages, findings) => {
    expect(findingsIn(messages)).toEqual(findings)
  })

  test('may have begun before, where the look begins inside', () => {
    expect(findingsIn('a1/3 a2/3 b', true)).toEqual([])
    expect(findingsIn('_ _ a1/3 a2/3 b', true)).toEqual([])
    expect(findingsIn('a b1/2', true)).toEqual(['torn 2'])
    expect(findingsIn('a1/3 b', true)).toEqual(['torn 1'])
  })

  test('that are open at the end are torn once nothing else comes', () => {
    const check = new CommitWholeness(false, false)
    expect([...check.next(part('a0/2', 1))]).toEqual([])
    expect(check.isOpen).toBe(true)
    expect([...check.end()]).toMatchObject([{ kind: 'torn-commit' }])
    expect(check.isOpen).toBe(false)
    expect([...check.end()]).toEqual([])
  })
})
