/** A promise that is rejected with whatever it is given: what a sender's signal says need be no error. */
export function rejected(reason: unknown): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  reject(reason)
  return promise
}
