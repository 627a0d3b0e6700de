import { expect, test } from 'vitest'
import { AetherError, systemClock, WriteRefusedError } from '../core/index.ts'
import { WriteWatch } from './write-watch.ts'

const full = new WriteRefusedError('the disk is full')

function watched(): {
  readonly watch: WriteWatch
  readonly told: string[]
  pass(ms: number): void
} {
  const told: string[] = []
  let now = 0
  const observer = {
    stored: () => void told.push('stored'),
    conflicted: () => void told.push('conflicted'),
    failed: () => void told.push('failed'),
    following: () => ({ [Symbol.dispose]: () => undefined }),
  }
  const clock = { ...systemClock, monotonic: () => now }
  return { watch: new WriteWatch(observer, clock), told, pass: (ms) => (now += ms) }
}

test('a refused write counts until one succeeds', () => {
  const { watch, told } = watched()
  expect(watch.refusal).toBeUndefined()
  watch.failed(full, 1)
  watch.conflicted('thing-a', 1)
  expect(watch.refusal).toBe(full)
  watch.stored([], 1)
  expect(watch.refusal).toBeUndefined()
  expect(told).toEqual(['failed', 'conflicted', 'stored'])
})

test('a refused write counts for a minute: who gets no work would never see that there is room again', () => {
  const { watch, pass } = watched()
  watch.failed(full, 1)
  pass(59_999)
  expect(watch.refusal).toBe(full)
  pass(1)
  expect(watch.refusal).toBeUndefined()
})

test('a store that could not be reached refused nothing', () => {
  const { watch } = watched()
  watch.failed(new AetherError('store-unavailable', 'nobody answered'), 1)
  watch.failed(new TypeError('broken'), 1)
  expect(watch.refusal).toBeUndefined()
})
