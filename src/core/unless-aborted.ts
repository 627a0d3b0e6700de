/**
 * What is asked for, or the signal's reason as soon as it aborts: then nobody hears what comes of it. For what
 * changes nothing.
 */
export async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  ask: () => Promise<T>,
): Promise<T> {
  if (!signal) return ask()
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([ask(), aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
