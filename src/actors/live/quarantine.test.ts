import { expect, test } from 'vitest'
import { ActorFailedError, type ActorId, silentLogger } from '../../core/index.ts'
import { VirtualClock } from '../../testing/index.ts'
import { Quarantine } from './quarantine.ts'

const failure = (actorId: ActorId, message = 'broken'): ActorFailedError =>
  new ActorFailedError(actorId, 'evolve', new Error(message))

test('of more actors than it holds the oldest is asked again, until it has failed as often', () => {
  const told: string[] = []
  const logger = { ...silentLogger, warn: (_: object, message: string) => void told.push(message) }
  const quarantine = new Quarantine(new VirtualClock(), logger, 2)
  const fail = (actorId: ActorId): void => quarantine.noteFailure(actorId, failure(actorId))
  const all = Array.from({ length: 10_001 }, (_, index): ActorId => `thing-${index}`)
  for (const actorId of all) for (let time = 0; time < 2; time++) fail(actorId)
  expect(quarantine.list).toHaveLength(10_000)
  expect(told).toEqual([expect.stringContaining('thing-0 is asked again')])
  quarantine.check('thing-0')
  for (const actorId of ['thing-1', 'thing-10000'] as const)
    expect(() => quarantine.check(actorId)).toThrow('is not asked any more')
  expect(quarantine.resume('thing-5')).toBe(true)
  fail('thing-0')
  quarantine.check('thing-0')
  fail('thing-0')
  expect(() => quarantine.check('thing-0')).toThrow('is not asked any more')
})

test('what was thrown is told in a few words and not kept', () => {
  const quarantine = new Quarantine(new VirtualClock(), silentLogger, 1)
  quarantine.noteFailure('thing-a', failure('thing-a', `too long: ${'x'.repeat(5_000)}`))
  const reason = quarantine.list[0]?.reason ?? ''
  expect(reason).toContain('too long')
  expect(reason).toHaveLength(1_000)
  expect(quarantine.list).toEqual([{ actorId: 'thing-a', reason, since: expect.any(String) }])
  let told: unknown
  try {
    quarantine.check('thing-a')
  } catch (refusal) {
    told = refusal
  }
  expect(told).toMatchObject({ code: 'actor-quarantined' })
  expect(told).not.toHaveProperty('cause')
})
