/** What a leader tells of another replica; `active` is how long ago it heard of it, in nanoseconds. */
interface HeardOf {
  readonly active: number
}

/** A leader asks for a sign of each replica every second, and is replaced after 4 s without one at the earliest. */
const touchNs = 2e9

/** Whether a leader and those others that it has heard of a moment ago are the most. One alone is. */
export function isInTouch(others: readonly HeardOf[] = []): boolean {
  const heard = others.filter(({ active }) => active < touchNs)
  return 1 + heard.length > (1 + others.length) / 2
}
