/** JSON on one line. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}

/** JSON on one line, members by name: so that two texts differ only where the values do. */
export function sortedJsonLine(value: unknown): string {
  return JSON.stringify(value, sorted) ?? 'undefined'
}

/** JSON on several lines, members by name: so that two texts differ only where the values do. */
export function jsonLines(value: unknown): readonly string[] {
  return (JSON.stringify(value, sorted, 2) ?? 'undefined').split('\n')
}

function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
