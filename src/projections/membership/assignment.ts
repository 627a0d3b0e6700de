/**
 * Who works on which parts, of all groups: one document, changed by compare-and-set, so that a part
 * has one owner at most. It changes when members come and go, not while they stay.
 */
export interface Assignment {
  /** Of each identity, whose it is. */
  readonly members: ReadonlyMap<string, MemberName>
  readonly groups: ReadonlyMap<string, GroupAssignment>
}

export interface MemberName {
  /** Of the document by which it shows that it lives. */
  readonly key: string
  readonly memberId: string
}

export interface GroupAssignment {
  /** By identity, in the order of their coming. */
  readonly members: readonly string[]
  /** Of each part, whose it is, by identity. */
  readonly owners: ReadonlyMap<string, string>
}

/** The document of the table. */
export const assignmentKey = 'assignment'

export const emptyAssignment: Assignment = { members: new Map(), groups: new Map() }

/** As JSON: of two that say the same, the same. */
export function assignmentText({ members, groups }: Assignment): string {
  const written = [...groups].map(([name, group]) => [name, group.members, [...group.owners]])
  return JSON.stringify({ members: [...members], groups: written })
}

/** @throws SyntaxError, TypeError where somebody else has written it */
export function readAssignment(text: string | undefined): Assignment {
  if (text === undefined) return emptyAssignment
  const { members, groups } = JSON.parse(text) as {
    readonly members: [string, MemberName][]
    readonly groups: [name: string, members: string[], owners: [string, string][]][]
  }
  return {
    members: new Map(members),
    groups: new Map(
      groups.map(([name, ofGroup, owners]) => [
        name,
        { members: ofGroup, owners: new Map(owners) },
      ]),
    ),
  }
}
