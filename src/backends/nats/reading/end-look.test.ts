import { expect, test } from 'vitest'
import { EndLook } from './end-look.ts'

test('those who wait are woken by a look where the stream ends elsewhere, and not else', async () => {
  let end = 7
  let told = 0
  const look = new EndLook(
    async () => end,
    () => told++,
  )
  await look.look()
  expect(told).toBe(1)
  for (let n = 0; n < 5; n++) await look.look()
  expect(told).toBe(1)
  end = 8
  await look.look()
  expect(told).toBe(2)
  // It was set back.
  end = 3
  await look.look()
  expect(told).toBe(3)
  look.forget()
  await look.look()
  expect(told).toBe(4)
})

test('where nobody can tell the end they are woken each time', async () => {
  let told = 0
  const answer = Promise.withResolvers<number>()
  const failing = new EndLook(
    () => Promise.reject(new Error('no leader')),
    () => told++,
  )
  await failing.look()
  await failing.look()
  expect(told).toBe(2)
  const waiting = new EndLook(
    () => answer.promise,
    () => told++,
  )
  const first = waiting.look()
  await waiting.look()
  expect(told).toBe(3)
  answer.resolve(1)
  await first
  expect(told).toBe(4)
})
