import { expect, test } from 'vitest'
import type { Schema } from '../../core/index.ts'
import { validateOwn } from './own-input.ts'

const handingOn = (validate: (value: unknown) => unknown): Schema =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as Schema

test('what a schema hands on is given to it as a copy, of lists and plain objects', async () => {
  const date = new Date(0)
  const shared = { list: [1, 2] }
  const input = { shared, again: shared, date, none: undefined, self: undefined as unknown }
  input.self = input
  const sync = handingOn((value) => ({ value }))
  const later = handingOn(async (value) => ({ value }))
  for (const schema of [sync, later]) {
    const validation = await validateOwn(schema, input)
    const value = (validation.ok ? validation.value : undefined) as typeof input
    expect(value).toEqual(input)
    expect(value).not.toBe(input)
    expect(value.shared.list).not.toBe(shared.list)
    expect(value.again).toBe(value.shared)
    expect(value.self).toBe(value)
    expect(value.date).toBe(date)
  }
})

test('what is decided on has been validated: a getter gives nothing else afterwards', async () => {
  const amounts = [5, 5, -5, 5, -5]
  const input = {
    get amount() {
      return amounts.shift()
    },
  }
  const positive = handingOn((value) =>
    (value as typeof input).amount === 5 ? { value } : { issues: [{ message: 'wrong' }] },
  )
  const validation = await validateOwn(positive, input)
  expect(validation.ok && (validation.value as typeof input).amount).toBe(5)
})

test('a member named __proto__ stays a member', async () => {
  const input = JSON.parse('{"__proto__": {"isAdmin": true}}') as object
  const validation = await validateOwn(
    handingOn((value) => ({ value })),
    input,
  )
  const value = validation.ok ? (validation.value as { isAdmin?: boolean }) : {}
  expect(value.isAdmin).toBeUndefined()
  expect(Object.keys(value)).toEqual(['__proto__'])
})
