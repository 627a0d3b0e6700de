import { expect, test } from 'vitest'
import { EventSubjects } from '../commits/event-subjects.ts'
import { differencesBetween, eventStreamConfiguration } from './event-stream-configuration.ts'

const wanted = eventStreamConfiguration(new EventSubjects('prod'), 3, '2.15.1')

test('a stream that is as it must be, whatever else is set, has no difference', () => {
  expect(differencesBetween(wanted, { ...wanted, description: 'ours', max_consumers: 5 })).toEqual(
    [],
  )
})

test('every difference is named, with what is there and what must be', () => {
  const found = { ...wanted, max_age: 86_400, deny_purge: false, num_replicas: 1 }
  expect(differencesBetween(wanted, found)).toEqual([
    'max_age is 86400, must be 0',
    'deny_purge is false, must be true',
    'num_replicas is 1, must be 3',
  ])
})

test('what would change or lose messages must not be set', () => {
  const found = {
    ...wanted,
    allow_rollup_hdrs: true,
    allow_msg_ttl: true,
    persist_mode: 'async',
  } as const
  expect(differencesBetween(wanted, found)).toEqual([
    'allow_msg_ttl is true, must not be set',
    'allow_rollup_hdrs is true, must not be set',
    'persist_mode is "async", must not be set',
  ])
})

test('any number of replicas is right where none is asked for', () => {
  const any = eventStreamConfiguration(new EventSubjects('prod'), undefined, '2.15.1')
  expect(differencesBetween(any, { ...any, num_replicas: 5 })).toEqual([])
})

test('atomic batches are wanted where the server has them', () => {
  const old = eventStreamConfiguration(new EventSubjects('prod'), 3, '2.11.9')
  expect(wanted.allow_atomic).toBe(true)
  expect(old.allow_atomic).toBeUndefined()
})
