import { describe, expect, test } from 'vitest'
import { CheckedEvent } from './checked-event.ts'

describe('a checked event', () => {
  test('is a copy that nobody can change', () => {
    const data = { items: [1] }
    const metadata = { userId: 'u' }
    const event = new CheckedEvent('Placed', data, metadata)
    data.items.push(2)
    metadata.userId = 'other'
    expect(event).toMatchObject({ type: 'Placed', data: { items: [1] }, metadata: { userId: 'u' } })
    for (const each of [event.data, (event.data as typeof data).items, event.metadata])
      expect(Object.isFrozen(each)).toBe(true)
    expect(() => Object.assign(event, { data: 'other' })).toThrow(TypeError)
    Object.defineProperty(event, 'data', { value: 'other' })
    expect(CheckedEvent.contentOf(event)).toMatchObject({ data: { items: [1] } })
  })

  test('is not made of what can’t be stored', () => {
    expect(() => new CheckedEvent('Placed', Number.NaN, {})).toThrow(
      expect.objectContaining({ code: 'invalid-json' }),
    )
    const metadata = { n: 1 } as never
    expect(() => new CheckedEvent('Placed', null, metadata)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })

  test('is known, and nothing that only looks like one', () => {
    const event = new CheckedEvent('Placed', 1, {})
    expect(CheckedEvent.contentOf(event)).toEqual({ type: 'Placed', data: 1, metadata: {} })
    const { type, data, metadata } = event
    const ofItsClass = Object.assign(Object.create(CheckedEvent.prototype) as CheckedEvent, event)
    for (const each of [{ type, data, metadata }, ofItsClass])
      expect(CheckedEvent.contentOf(each)).toBeUndefined()
  })
})
