/**
 * The list with one more at its end. A list that grows from nothing takes room for seventeen at once; most
 * of what a command needs is a list of one.
 */
export function grown<T>(list: T[] | undefined, next: T): T[] {
  if (!list) return [next]
  list.push(next)
  return list
}
