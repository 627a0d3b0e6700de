import { expect, test } from 'vitest'
import type { CalledMember } from '../membership/roll-call.ts'
import { groupOf } from './build-run.ts'
import { livingIn } from './status-report.ts'

test('of those who share the parts of a build, only who gives a sign of life counts', () => {
  const member = (build: number, isSilent: boolean): CalledMember => ({
    ...{ identity: `node-${build}`, group: groupOf({ projection: 'sales', build }) },
    ...{ isSilent, heardAt: 0 },
  })
  const all = [member(1, false), member(1, true), member(2, false), member(2, false)]
  expect([1, 2, 3].map((build) => livingIn('sales', build, all))).toEqual([1, 2, 0])
})
