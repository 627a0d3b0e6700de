/**
 * The part that an actor belongs to, of so many: by a hash of its id (FNV-1a with a final mix), so every
 * member knows it without asking, and it never changes.
 */
export function partOf(actorId: string, parts: number): number {
  const { length } = actorId
  // As a number of 32 bits from the beginning, or V8 takes a double for it all the way.
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ actorId.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  hash ^= hash >>> 12
  return (hash >>> 0) % parts
}

/** The names of so many parts. */
export function partNames(parts: number): readonly string[] {
  return Array.from({ length: parts }, (_, part) => String(part))
}
