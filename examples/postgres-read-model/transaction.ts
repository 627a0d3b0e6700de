import { AetherError } from 'aether'
import type { Pool, PoolClient } from 'pg'

/** Keeps all that the work does; nothing where it throws, or comes to nothing: undefined. */
export async function transaction<T>(
  pool: Pool,
  work: (tx: PoolClient) => Promise<T>,
): Promise<T | undefined> {
  const tx = await ownFault(pool.connect())
  tx.on('error', leaveToTheNextQuery)
  let broken: unknown
  try {
    await ownFault(tx.query('BEGIN'))
    const result = await ownFault(work(tx))
    const { command } = await ownFault(tx.query(result === undefined ? 'ROLLBACK' : 'COMMIT'))
    // So PostgreSQL answers where a statement failed and the handler went on.
    if (result !== undefined && command !== 'COMMIT')
      throw new Error('a statement of the transaction failed, so nothing of it is kept')
    return result
  } catch (error) {
    await tx.query('ROLLBACK').catch((cause: unknown) => (broken = cause))
    throw error
  } finally {
    tx.off('error', leaveToTheNextQuery)
    tx.release(broken instanceof Error ? broken : undefined)
  }
}

/** A connection that breaks between two queries tells so; nobody listening would end the process. */
function leaveToTheNextQuery(): void {}

/** {@link transaction} of which there is one at a time: it makes, shows and removes tables. */
export async function alone(pool: Pool, work: (tx: PoolClient) => Promise<void>): Promise<void> {
  await transaction(pool, async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('aether'))`)
    await work(tx)
    return true
  })
}

/** What isn't a statement's fault is told as such, so that no event is blamed for it. */
export async function ownFault<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!isOwnFault(error)) throw error
    throw new AetherError('store-unavailable', `PostgreSQL failed: ${String(error)}`, {
      cause: error,
    })
  }
}

/** Of the connection, the server's resources, its shutdown, its disk; or a deadlock. */
function isOwnFault(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof AetherError) return false
  if (/^Connection terminated|timeout exceeded when trying to connect/.test(error.message))
    return true
  return 'code' in error && /^(08|40|53|57P|58|E[A-Z]+$)/.test(String(error.code))
}
