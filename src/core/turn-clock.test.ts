import { describe, expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import { TurnClock } from './turn-clock.ts'

describe('TurnClock', () => {
  it('looks at the calendar once a millisecond while a turn lasts', () => {
    const { clock, time } = scene()
    using _turn = clock.turn()
    clock.monotonic()
    expect(clock.now()).toBe(1_000)
    time.calendar = 1_001
    time.monotonic += 0.9
    clock.monotonic()
    expect(clock.now()).toBe(1_000)
    time.monotonic += 0.1
    clock.monotonic()
    expect(clock.now()).toBe(1_001)
  })

  it('looks at it in each turn', () => {
    const { clock, time } = scene()
    for (const calendar of [5_000, 4_000]) {
      time.calendar = calendar
      using _turn = clock.turn()
      expect(clock.now()).toBe(calendar)
    }
  })

  it('looks at it each time outside of turns', () => {
    const { clock, time } = scene()
    {
      using _turn = clock.turn()
      clock.now()
    }
    for (const calendar of [2_000, 3_000]) {
      time.calendar = calendar
      expect(clock.now()).toBe(calendar)
    }
  })

  it('tells in a turn when somebody looked last, and else what time it is', () => {
    const { clock, time } = scene()
    {
      using _turn = clock.turn()
      clock.monotonic()
      time.monotonic += 5
      expect(clock.recent()).toBe(7)
      expect(clock.monotonic()).toBe(12)
      expect(clock.recent()).toBe(12)
    }
    time.monotonic += 5
    expect(clock.recent()).toBe(17)
  })

  it('is shared by all that it is put around for', () => {
    const clock = TurnClock.around(systemClock)
    expect(TurnClock.around(clock)).toBe(clock)
    expect(TurnClock.around(systemClock)).not.toBe(clock)
  })
})

function scene() {
  const time = { calendar: 1_000, monotonic: 7 }
  const clock = TurnClock.around({
    ...systemClock,
    now: () => time.calendar,
    monotonic: () => time.monotonic,
  })
  return { clock, time }
}
