import { AetherError, type Clock, type Logger } from '../../core/index.ts'
import type { DocumentTable } from '../../store/index.ts'
import type { PartOwnership } from '../progress/part-ownership.ts'
import { Member } from './member.ts'

/** When a member is taken for dead. */
export interface LeaseTimes {
  /**
   * After how many milliseconds without a sign of life its parts go to others; itself it stops
   * believing that they are its own before. @default 5,000
   */
  readonly leaseMs?: number
  /** How often it shows that it lives, in milliseconds: at most half the lease. @default 1,000 */
  readonly renewMs?: number
}

export interface JoinMembersOptions extends LeaseTimes {
  /** For this alone; all members of all groups have the same. */
  readonly table: DocumentTable
  /** Those who share these parts: 1 to 400 characters. */
  readonly group: string
  /** The same for all members of the group. */
  readonly parts: readonly string[]
  /**
   * What people call this process: 1 to 300 characters. Another process may be called the same, and is
   * another member all the same. All groups that it joins with the same table share one sign of life, with
   * the settings of the first.
   */
  readonly memberId: string
  readonly clock: Clock
  readonly logger: Logger
}

const members = new WeakMap<DocumentTable, Map<string, Member>>()

/**
 * Shares the parts with all who join the group, in whichever process: each part belongs to one at most,
 * and soon to one, as long as any of them lives; the shares differ by one at most. Alone, it has all at
 * once. Ending it leaves its parts to the others at once.
 * @throws AetherError `invalid-argument`, `store-unavailable`, `closed`
 */
export function joinMembers(options: JoinMembersOptions): Promise<PartOwnership> {
  const { table, memberId, group, parts, clock, logger } = options
  const { leaseMs = 5_000, renewMs = 1_000 } = options
  checkTimes(leaseMs, renewMs)
  const ofTable = members.get(table) ?? new Map<string, Member>()
  members.set(table, ofTable)
  const known = ofTable.get(memberId)
  if (known) return known.join(group, parts)
  const ended = (): void => void (ofTable.get(memberId) === member && ofTable.delete(memberId))
  const member: Member = new Member({ table, memberId, clock, logger, leaseMs, renewMs, ended })
  ofTable.set(memberId, member)
  return member.join(group, parts)
}

function checkTimes(leaseMs: number, renewMs: number): void {
  const isTime = (value: number): boolean => Number.isSafeInteger(value) && value >= 1
  if (isTime(leaseMs) && isTime(renewMs) && renewMs * 2 <= leaseMs) return
  throw new AetherError(
    'invalid-argument',
    `leaseMs and renewMs must be whole numbers from 1, and the lease twice as long at least: not ${leaseMs} and ${renewMs}`,
  )
}
