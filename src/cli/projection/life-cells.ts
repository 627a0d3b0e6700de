import type { ProjectionStatus } from '../../projections/index.ts'

/** `live`; `silent, last heard of 3 min ago`: that nobody is at work is seen at once. */
export function stateCell({ state, silent }: Pick<ProjectionStatus, 'state' | 'silent'>): string {
  return state === 'silent' && silent ? `silent, last heard of ${ago(silent.seconds)} ago` : state
}

/** How many nodes live that share the parts: `2`; `1, and 1 silent`. */
export function membersCell({
  members,
  silent,
}: Pick<ProjectionStatus, 'members' | 'silent'>): string {
  return silent ? `${members}, and ${silent.members} silent` : String(members)
}

/** `0`; `3 events, 26 s`: how far behind the log, and since when. */
export function lagCell({ lag: { events, seconds } }: Pick<ProjectionStatus, 'lag'>): string {
  if (events === 0) return '0'
  return `${events} ${events === 1 ? 'event' : 'events'}, ${ago(seconds)}`
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const

/** In whole units, of which there are two at least. */
function ago(seconds: number): string {
  const [unit, size] = units.find(([, each]) => seconds >= 2 * each) ?? ['s', 1]
  return `${Math.floor(seconds / size)} ${unit}`
}
