import { expect, test } from 'vitest'
import { afterFailure, afterFiring, endOfTime, reminderOf } from './reminder.ts'

const record = { id: 'r', command: 'tick', metadata: {}, beat: 1_000, firing: 1, attempts: 0 }

test('a repeating reminder stands at the next beat that is still to come', () => {
  const next = afterFiring({ ...record, everyMs: 100 }, 1_250)
  const entry = { actorId: 'order-a', kind: 'reminder', name: 'r', due: 0, text: '' } as const
  expect(next?.due).toBe(1_300)
  expect(reminderOf({ ...entry, ...next })).toMatchObject({ everyMs: 100, attempts: 0 })
})

test('one whose next beat is beyond the end of time is done', () => {
  expect(afterFiring({ ...record, everyMs: endOfTime - 1_000 }, 1_000)?.due).toBe(endOfTime)
  expect(afterFiring({ ...record, everyMs: endOfTime - 999 }, 1_000)).toBeUndefined()
  expect(afterFiring(record, 1_000)).toBeUndefined()
})

test('of why it failed as much is kept as is read', () => {
  const entry = { actorId: 'order-a', kind: 'message', name: 'm', due: 0, text: '' } as const
  const { text } = afterFailure(record, `${'x'.repeat(999)}😀${'y'.repeat(1_000_000)}`, 0)
  const { attempts, lastError = '' } = reminderOf({ ...entry, text })
  expect([attempts, lastError.length, lastError.isWellFormed()]).toEqual([1, 1_000, true])
})
