import { fc } from '../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { actorId, type StoredEvent } from '../../core/index.ts'
import { eventFilter } from './log-filter.ts'

function eventOf(type: string, key: string, eventType: string): StoredEvent {
  const place = { version: 1, position: 1, time: '2026-01-01T00:00:00.000Z' }
  return { id: 'x', actorId: actorId(type, key), type: eventType, ...place, data: 1, metadata: {} }
}

/** Whether the text fits, letter by letter: the plainest way to say it. */
function fits(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern.startsWith('*'))
    return fits(pattern.slice(1), text) || (text !== '' && fits(pattern, text.slice(1)))
  return text !== '' && pattern[0] === text[0] && fits(pattern.slice(1), text.slice(1))
}

const letters = fc.constantFrom('a', 'b', '.', '-', '\n', '$', '[', '\\', '😀')

test('a key fits its pattern where * stands for any text', () => {
  const key = fc.string({ unit: letters, minLength: 1, maxLength: 8 })
  const pattern = fc.string({
    unit: fc.oneof(letters, fc.constant('*')),
    minLength: 1,
    maxLength: 8,
  })
  fc.assert(
    fc.property(key, pattern, (key, pattern) => {
      expect(eventFilter({ key: pattern })(eventOf('t', key, 'Noted'))).toBe(fits(pattern, key))
    }),
    { numRuns: 3_000 },
  )
})

test('a pattern of many parts is decided as soon as any other', () => {
  const event = eventOf('t', 'a'.repeat(200), 'Noted')
  for (const end of ['b', 'a', '']) {
    const passes = eventFilter({ key: `${'*a'.repeat(30)}*${end}` })
    expect(passes(event)).toBe(end !== 'b')
  }
})

test('an event passes if it meets all that are given', () => {
  const names = fc.constantFrom('a', 'b', 'c')
  const lists = fc.option(fc.array(names, { minLength: 1 }), { nil: undefined })
  fc.assert(
    fc.property(names, names, lists, lists, (type, eventType, actorTypes, eventTypes) => {
      const filter = { ...(actorTypes && { actorTypes }), ...(eventTypes && { eventTypes }) }
      expect(eventFilter(filter)(eventOf(type, 'k', eventType))).toBe(
        (actorTypes?.includes(type) ?? true) && (eventTypes?.includes(eventType) ?? true),
      )
    }),
  )
})
