import { AetherError } from '../../core/index.ts'
import type { TransactionOptions } from './transaction.ts'

const namePattern = /^[A-Za-z][\w-]{0,63}$/

/** @throws AetherError `invalid-argument` */
export function checkTransactionName({ name }: TransactionOptions): void {
  if (name === undefined || (typeof name === 'string' && namePattern.test(name))) return
  const message = `the name of a transaction must be 1 to 64 letters, digits, _ or -, and start with a letter, not ${JSON.stringify(name)}`
  throw new AetherError('invalid-argument', message)
}
