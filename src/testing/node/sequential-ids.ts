import type { IdSource } from '../../core/index.ts'

/** `e-1`, `e-2`, …: ids that a test can name. */
export function sequentialIds(prefix: string): IdSource {
  let count = 0
  return () => `${prefix}-${++count}`
}
