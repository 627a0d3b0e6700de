import { expect, test } from 'vitest'
import { heartbeat, withHeartbeats } from './heartbeats.ts'

test('whoever leaves at a heartbeat ends what is waited for', async () => {
  const asked = Promise.withResolvers<string>()
  let isLeft = false
  async function* source(): AsyncGenerator<string> {
    try {
      yield await asked.promise
    } finally {
      isLeft = true
    }
  }
  for await (const given of withHeartbeats(source(), 1, () => asked.reject(new Error('left')))) {
    expect(given).toBe(heartbeat)
    break
  }
  expect(isLeft).toBe(true)
})

test('what the source throws is thrown, behind what it gave', async () => {
  async function* source(): AsyncGenerator<number> {
    yield 1
    throw new Error('it is broken')
  }
  const given: unknown[] = []
  const reading = (async () => {
    for await (const each of withHeartbeats(source(), 1_000, () => {})) given.push(each)
  })()
  await expect(reading).rejects.toThrow('it is broken')
  expect(given).toEqual([1])
})
