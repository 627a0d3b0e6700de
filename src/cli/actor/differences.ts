/** What differs between two values that JSON can hold: a line for each place, `$.a.b: 1 → 2`. */
export function differencesBetween(before: unknown, after: unknown, path = '$'): readonly string[] {
  if (isNested(before) && isNested(after) && Array.isArray(before) === Array.isArray(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap((name) =>
      differencesBetween(before[name], after[name], `${path}.${name}`),
    )
  }
  const [was, is] = [shown(before), shown(after)]
  return was === is ? [] : [`${path}: ${was} → ${is}`]
}

function isNested(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
