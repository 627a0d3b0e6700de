import type { Assignment, GroupAssignment, MemberName } from './assignment.ts'

/** Who reassigns, and what it knows. */
export interface Standpoint {
  readonly identity: string
  readonly name: MemberName
  readonly isAlive: (identity: string) => boolean
  /** What it takes part in; it leaves all other groups. */
  readonly groups: ReadonlyMap<string, GroupWish>
}

export interface GroupWish {
  readonly parts: readonly string[]
  /** Parts of its own on which it doesn't work any more, so that others may have them. */
  readonly released: ReadonlySet<string>
}

export interface Reassigned {
  readonly assignment: Assignment
  /** Of its own parts, those that are more than its share: to be released. */
  readonly surplus: ReadonlyMap<string, readonly string[]>
}

/**
 * What the assignment should be as one member sees it: without the dead, with itself and with the free
 * parts that are its due. It takes nothing from the living. However many do so one after the other,
 * each with what the last one wrote, shares come to differ by one at most.
 */
export function reassign(current: Assignment, standpoint: Standpoint): Reassigned {
  const groups = new Map<string, GroupAssignment>()
  const surplus = new Map<string, readonly string[]>()
  const names = new Set([...current.groups.keys(), ...standpoint.groups.keys()])
  for (const name of names) {
    const wish = standpoint.groups.get(name)
    const living = withoutDead(current.groups.get(name), wish !== undefined, standpoint)
    const { group, excess } = wish ? withShare(living, wish, standpoint.identity) : alone(living)
    if (group.members.length > 0) groups.set(name, group)
    if (excess.length > 0) surplus.set(name, excess)
  }
  return { assignment: { members: namesIn(groups, current, standpoint), groups }, surplus }
}

/** What is left where a member goes: its parts are free, and nothing is said of the others. */
export function without(current: Assignment, leaving: string): Assignment {
  const groups = new Map<string, GroupAssignment>()
  for (const [name, group] of current.groups) {
    const members = group.members.filter((each) => each !== leaving)
    const owners = new Map([...group.owners].filter(([, owner]) => owner !== leaving))
    if (members.length > 0) groups.set(name, { members, owners })
  }
  return { members: new Map([...current.members].filter(([each]) => each !== leaving)), groups }
}

interface Share {
  readonly group: GroupAssignment
  readonly excess: readonly string[]
}

function alone(group: GroupAssignment): Share {
  return { group, excess: [] }
}

/** Also without the member itself where it doesn't take part. */
function withoutDead(
  group: GroupAssignment | undefined,
  takesPart: boolean,
  { identity, isAlive }: Standpoint,
): GroupAssignment {
  if (!group) return { members: [], owners: new Map() }
  const stays = (each: string): boolean => (each === identity ? takesPart : isAlive(each))
  const members = group.members.filter(stays)
  const owners = new Map([...group.owners].filter(([, owner]) => members.includes(owner)))
  return { members, owners }
}

function withShare(group: GroupAssignment, { parts, released }: GroupWish, me: string): Share {
  const members = group.members.includes(me) ? group.members : [...group.members, me]
  const owners = new Map(
    [...group.owners].filter(([part, owner]) => owner !== me || !released.has(part)),
  )
  const share = shareOf(me, { members, owners }, parts)
  const mine = parts.filter((part) => owners.get(part) === me)
  // What it releases in this very step counts as given up until it is seen to be nobody's: others take it
  // now, or it does so with its next look.
  const free = parts.filter((part) => !owners.has(part) && !released.has(part))
  for (const part of free.slice(0, Math.max(0, share - mine.length))) owners.set(part, me)
  return { group: { members, owners }, excess: mine.slice(share) }
}

/** As many as all others, or one more: first for those who have most, so that little is moved. */
function shareOf(
  me: string,
  { members, owners }: GroupAssignment,
  parts: readonly string[],
): number {
  const count = (member: string): number =>
    parts.filter((part) => owners.get(part) === member).length
  const place = members.toSorted((a, b) => count(b) - count(a)).indexOf(me)
  const remainder = parts.length % members.length
  return Math.floor(parts.length / members.length) + (place < remainder ? 1 : 0)
}

function namesIn(
  groups: ReadonlyMap<string, GroupAssignment>,
  current: Assignment,
  { identity, name }: Standpoint,
): ReadonlyMap<string, MemberName> {
  const known = new Map(current.members).set(identity, name)
  const used = new Set([...groups.values()].flatMap(({ members }) => members))
  return new Map([...known].filter(([each]) => used.has(each)))
}
