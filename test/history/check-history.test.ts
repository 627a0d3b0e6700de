import type { ActorId, ExpectedVersion } from 'aether'
import { describe, expect, test } from 'vitest'
import { checkHistory, type Evidence } from './check-history.ts'
import type { FindingKind } from './finding.ts'
import type {
  Given,
  HistoryRecord,
  LoggedEvent,
  Outcome,
  Place,
  ReadSubject,
  Seen,
} from './history.ts'

const actor = 'account-a'

/** A write of one event; without an outcome it was never answered. */
function write(
  id: string,
  expected: ExpectedVersion,
  [at, end]: readonly [number, number],
  outcome?: Outcome,
): HistoryRecord[] {
  return writeOf([{ actorId: actor, expected, ids: [id] }], [at, end], outcome)
}

let calls = 0
function writeOf(
  parts: readonly { actorId: ActorId; expected: ExpectedVersion; ids: readonly string[] }[],
  [at, end]: readonly [number, number],
  outcome?: Outcome,
): HistoryRecord[] {
  const call = `w${++calls}`
  const answer = outcome && ({ kind: 'answer', call, at: end, outcome } as const)
  return [{ kind: 'write', call, at, parts }, ...(answer ? [answer] : [])]
}

function read(
  of: ReadSubject,
  [at, end]: readonly [number, number],
  outcome: Outcome,
): HistoryRecord[] {
  const call = `r${++calls}`
  return [
    { kind: 'read', call, at, of },
    { kind: 'answer', call, at: end, outcome },
  ]
}

const storedAt = (...places: readonly Place[]): Outcome => ({ is: 'stored', parts: [places] })
const conflict = (expected: ExpectedVersion, current: number): Outcome => ({
  is: 'conflict',
  actorId: actor,
  expected,
  current,
})
const showing = (...events: readonly Seen[]): Outcome => ({ is: 'events', events })

/** A log of one actor. */
function logOf(...ids: readonly string[]): LoggedEvent[] {
  return ids.map((id, index) => ({ id, actorId: actor, version: index + 1, position: index + 1 }))
}

function kindsIn(
  log: readonly LoggedEvent[],
  histories: readonly (readonly HistoryRecord[])[],
  rest: Partial<Evidence> = {},
): FindingKind[] {
  const evidence = { histories: [histories.flat()], log, subscriptions: [], ...rest }
  return checkHistory(evidence).map(({ kind }) => kind)
}

/** Versions 1 and 2, stored from 0 to 10 and from 20 to 30. */
const two = [
  write('e1', 0, [0, 10], storedAt([1, 1])),
  write('e2', 1, [20, 30], storedAt([2, 2])),
] as const
const log = logOf('e1', 'e2')

describe('writes', () => {
  test('acknowledged and there: nothing is found', () => {
    expect(kindsIn(log, two)).toEqual([])
  })

  test('acknowledged and not there', () => {
    expect(kindsIn(logOf('e1'), two)).toEqual(['lost'])
  })

  test('there twice', () => {
    expect(kindsIn(logOf('e1', 'e2', 'e1'), two)).toEqual(['doubled'])
  })

  test('of nobody', () => {
    expect(kindsIn(logOf('e1', 'e2', 'x'), two)).toEqual(['foreign'])
  })

  test('of unknown outcome, or without an answer from a process that was killed: either', () => {
    const killed = { killed: new Set([0]) }
    for (const outcome of [{ is: 'unknown' } as const, undefined]) {
      const histories = [...two, write('e3', 2, [40, 50], outcome)]
      expect(kindsIn(log, histories, killed)).toEqual([])
      expect(kindsIn(logOf('e1', 'e2', 'e3'), histories, killed)).toEqual([])
    }
  })

  test('without an answer from a process that lived on', () => {
    expect(kindsIn(log, [...two, write('e3', 2, [40, 50])])).toEqual(['unanswered'])
  })

  test.each<Outcome>([{ is: 'unavailable' }, conflict(1, 2)])('refused, and there: %j', (told) => {
    const expected = told.is === 'conflict' ? 1 : 2
    const histories = [...two, write('e3', expected, [40, 50], told)]
    expect(kindsIn(log, histories)).toEqual([])
    expect(kindsIn(logOf('e1', 'e2', 'e3'), histories)).toEqual(['stored-after-all'])
  })

  test('refused, and stored by a later try', () => {
    const first = write('e3', 2, [40, 50], { is: 'unavailable' })
    const there = logOf('e1', 'e2', 'e3')
    for (const outcome of [storedAt([3, 3]), { is: 'unknown' } as const])
      expect(kindsIn(there, [...two, first, write('e3', 2, [60, 70], outcome)])).toEqual([])
  })

  test('a conflict at the second try says that the first one failed, too', () => {
    const histories = [
      ...two,
      write('e3', 1, [15, 25], { is: 'unknown' }),
      write('e3', 1, [40, 50], conflict(1, 2)),
    ]
    expect(kindsIn(log, histories)).toEqual([])
    expect(kindsIn(logOf('e1', 'e2', 'e3'), histories)).toEqual(['stored-after-all'])
  })

  test('stored behind another version than the expected one', () => {
    const histories = [...two, write('e3', 0, [40, 50], storedAt([3, 3]))]
    expect(kindsIn(logOf('e1', 'e2', 'e3'), histories)).toEqual(['expectation-ignored'])
  })

  test('stored elsewhere than told', () => {
    const histories = [...two, write('e3', 2, [40, 50], storedAt([3, 9]))]
    expect(kindsIn(logOf('e1', 'e2', 'e3'), histories)).toEqual(['misplaced'])
  })

  test('stored before what was acknowledged before it', () => {
    const other = { ...log[1]!, actorId: 'account-b', version: 1, position: 0.5 } as const
    const late = writeOf(
      [{ actorId: 'account-b', expected: 0, ids: ['e2'] }],
      [20, 30],
      storedAt([1, 0.5]),
    )
    expect(kindsIn([other, log[0]!], [two[0], late])).toEqual(['disordered'])
  })

  test('that failed as no store may', () => {
    const failed = write('e3', 2, [40, 50], { is: 'failed', error: 'TypeError' })
    expect(kindsIn(log, [...two, failed])).toEqual(['unexpected-error'])
  })
})

describe('the log', () => {
  const at = (version: number, id: string, position: number): LoggedEvent => ({
    id,
    actorId: actor,
    version,
    position,
  })
  const unknown = two.map(([call]) => [
    call!,
    { kind: 'answer', call: (call as { call: string }).call, at: 50, outcome: { is: 'unknown' } },
  ]) as HistoryRecord[][]

  test.each([
    ['a version twice', [at(1, 'e1', 1), at(1, 'e2', 2)], 'wrong-versions'],
    ['a version left out', [at(1, 'e1', 1), at(3, 'e2', 2)], 'wrong-versions'],
    ['a position twice', [at(1, 'e1', 1), at(2, 'e2', 1)], 'disordered'],
  ] as const)('with %s', (_, events, kind) => {
    expect(kindsIn(events, unknown)).toEqual([kind])
  })
})

describe('commits over two actors', () => {
  const parts = [
    { actorId: actor, expected: 2, ids: ['e3'] },
    { actorId: 'account-b', expected: 0, ids: ['b1'] },
  ] as const
  const b1: LoggedEvent = { id: 'b1', actorId: 'account-b', version: 1, position: 4 }
  const histories = [...two, writeOf(parts, [40, 50], { is: 'unknown' })]

  test('are there whole or not at all', () => {
    expect(kindsIn(log, histories)).toEqual([])
    expect(kindsIn([...logOf('e1', 'e2', 'e3'), b1], histories)).toEqual([])
  })

  test('are found when there is half of one', () => {
    expect(kindsIn(logOf('e1', 'e2', 'e3'), histories)).toEqual(['torn-commit'])
  })

  test('are found when something stands between', () => {
    const between = write('e4', 3, [60, 70], { is: 'unknown' })
    const events = [...logOf('e1', 'e2', 'e3', 'e4'), { ...b1, position: 5 }]
    expect(kindsIn(events, [...histories, between])).toEqual(['torn-commit'])
  })
})

describe('conflicts', () => {
  test.each([
    ['the actor had moved on', 1, 2, [40, 50]],
    ['the actor moved on meanwhile', 1, 2, [12, 25]],
    ['the actor was not there yet', 7, 2, [40, 50]],
    ['the actor may have come there only during the call', 1, 0, [5, 15]],
  ] as const)('are true where %s', (_, expected, current, when) => {
    const histories = [...two, write('x', expected, when, conflict(expected, current))]
    expect(kindsIn(log, histories)).toEqual([])
  })

  test('are false where the actor stood there all the time', () => {
    const told = write('x', 1, [12, 18], conflict(1, 0))
    expect(kindsIn(log, [...two, told])).toEqual(['false-conflict', 'wrong-current-version'])
  })

  test('at the current version itself are false', () => {
    const told = write('x', 2, [40, 50], conflict(2, 2))
    expect(kindsIn(log, [...two, told])).toEqual(['false-conflict'])
  })

  test.each([
    ['that was left before', 1, [40, 50]],
    ['that came later', 2, [12, 18]],
    ['that never was', 9, [40, 50]],
  ] as const)('are wrong with a version %s', (_, current, when) => {
    const told = write('x', 0, when, conflict(0, current))
    expect(kindsIn(log, [...two, told])).toEqual(['wrong-current-version'])
  })
})

describe('reads', () => {
  const [e1, e2]: Seen[] = [
    ['e1', 1, 1],
    ['e2', 2, 2],
  ]
  const events = { what: 'events', actorId: actor, first: 1 } as const
  const newest = { what: 'newest', actorId: actor, limit: 5 } as const
  const version = { what: 'version', actorId: actor } as const
  const all = { what: 'log', after: 0, limit: 5 } as const
  const early = [12, 15] as const
  const late = [40, 50] as const

  test.each<[string, ReadSubject, readonly [number, number], Outcome]>([
    ['all', events, late, showing(e1!, e2!)],
    ['what there was', events, early, showing(e1!)],
    ['more than was acknowledged yet', events, [22, 25], showing(e1!, e2!)],
    ['what is behind a version', { ...events, first: 2 }, late, showing(e2!)],
    ['nothing behind the end', { ...events, first: 3 }, late, showing()],
    ['the newest', newest, late, showing(e2!, e1!)],
    ['as many as asked for', { ...newest, limit: 1 }, late, showing(e2!)],
    ['the version', version, late, { is: 'version', version: 2 }],
    ['the log', all, late, showing(e1!, e2!)],
    ['as much of the log as asked for', { ...all, limit: 1 }, late, showing(e1!)],
    ['nothing during an outage', events, late, { is: 'unavailable' }],
  ])('that show %s are right', (_, of, when, outcome) => {
    expect(kindsIn(log, [...two, read(of, when, outcome)])).toEqual([])
  })

  test.each<[string, ReadSubject, Outcome]>([
    ['less than was acknowledged', events, showing(e1!)],
    ['nothing', events, showing()],
    ['an old end', newest, showing(e1!)],
    ['an old version', version, { is: 'version', version: 1 }],
    ['an old log', all, showing(e1!)],
  ])('that show %s are stale', (_, of, outcome) => {
    const stale = read(of, late, outcome)
    expect(kindsIn(log, [...two, stale])).toEqual(['stale-read'])
    const freezes = [{ from: 0, to: 45 }]
    expect(kindsIn(log, [...two, stale], { freezes })).toEqual(['stale-read-after-freeze'])
    expect(kindsIn(log, [...two, stale], { freezes: [{ from: 0, to: 39 }] })).toEqual([
      'stale-read',
    ])
  })

  test('that show less than another did before are stale, whatever the writer knows', () => {
    const [first, [call]] = two
    const killed = { killed: new Set([0]) }
    const histories = [
      first,
      [call!],
      read(events, [30, 35], showing(e1!, e2!)),
      read(version, [40, 50], { is: 'version', version: 1 }),
    ]
    expect(kindsIn(log, histories, killed)).toEqual(['stale-read'])
  })

  test.each<[string, ReadSubject, Outcome]>([
    ['what is not there', events, showing(e1!, e2!, ['e3', 3, 3])],
    ['a wrong order', all, showing(e2!, e1!)],
    ['a gap', all, showing(e2!)],
    ['another place', events, showing(e1!, ['e2', 2, 7])],
    ['another end', newest, showing(e2!, ['e0', 1, 1])],
  ])('that show %s are false', (_, of, outcome) => {
    expect(kindsIn(log, [...two, read(of, late, outcome)])).toContain('false-read')
  })

  test('that fail as none may', () => {
    const failed = read(events, late, { is: 'failed', error: 'TypeError' })
    expect(kindsIn(log, [...two, failed])).toEqual(['unexpected-error'])
  })
})

describe('a subscription', () => {
  const give = (id: string, position: number): Given => ({
    kind: 'given',
    subscription: 's',
    id,
    position,
    checkpoint: String(position),
  })
  const [one, other] = [give('e1', 1), give('e2', 2)]

  test.each([
    ['gives all', [one, other], []],
    ['leaves out the first', [other], ['wrong-subscription']],
    ['leaves out the last', [one], ['wrong-subscription']],
    ['repeats one', [one, one, other], ['wrong-subscription']],
    ['gives them out of order', [other, one], ['wrong-subscription']],
    ['gives nothing', [], ['wrong-subscription']],
    ['gives one too many', [one, other, give('x', 3)], ['wrong-subscription']],
    ['gives a wrong position', [one, give('e2', 9)], ['wrong-subscription']],
  ] as const)('%s', (_, given, kinds) => {
    expect(kindsIn(log, [...two, given], { subscriptions: ['s'] })).toEqual(kinds)
  })
})
