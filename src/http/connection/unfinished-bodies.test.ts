import { expect, test } from 'vitest'
import { GatheredBody } from '../exchange/body.ts'
import { UnfinishedBodies } from './unfinished-bodies.ts'

function bodyOf(bytes: number): GatheredBody {
  const body = new GatheredBody()
  body.add(Buffer.alloc(bytes))
  return body
}

test('those that began first give way, and hold nothing any more', () => {
  const bodies = new UnfinishedBodies(1_000)
  const refused: string[] = []
  const [first, second, third] = [bodyOf(400), bodyOf(400), bodyOf(200)]
  const all = { first, second, third }
  for (const [name, body] of Object.entries(all)) bodies.hold(body, () => refused.push(name))
  expect(bodies.bytes).toBe(1_000)
  third.add(Buffer.alloc(1))
  bodies.hold(third, () => refused.push('third'))
  expect(refused).toEqual(['first'])
  expect(first).toMatchObject({ isDiscarded: true, bytes: 0 })
  expect(bodies.bytes).toBe(400 + third.bytes)
  bodies.letGo(second)
  bodies.letGo(second)
  bodies.letGo(first)
  expect(bodies.bytes).toBe(third.bytes)
  bodies.letGo(third)
  expect(bodies.bytes).toBe(0)
})

test('one that is too large by itself gives way to nobody', () => {
  const bodies = new UnfinishedBodies(1_000)
  const refused: unknown[] = []
  bodies.hold(bodyOf(1_001), (error) => refused.push(error))
  expect(refused).toMatchObject([{ code: 'overloaded' }])
  expect(bodies.bytes).toBe(0)
})
