/** `--trial` makes everything small: to see that it runs, not how fast. */
export const isTrial = process.argv.includes('--trial')

/** A tenth or less of it in a trial. */
export function scaled(count: number): number {
  return isTrial ? Math.max(1, Math.round(count / 20)) : count
}
