import { findNatsServer } from '../../scripts/nats-server.ts'

/** Gets nats-server before the first test, so that a download takes no test's time. */
export async function setup(): Promise<void> {
  process.env.NATS_SERVER = await findNatsServer()
}
