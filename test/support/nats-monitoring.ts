import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NatsServer } from './nats.ts'

/** What a server's configuration needs, so that it tells its figures at a port that it chooses itself. */
export const monitored = 'http: "127.0.0.1:-1"'

/** The account of {@link login} may ask the servers themselves: it imports the question from the system account. */
export const asking = `system_account: SYS
accounts {
  SYS { exports: [{ service: "$SYS.REQ.SERVER.PING.VARZ" }] }
  A {
    jetstream: enabled, users: [{ user: a, password: secret }]
    imports: [{ service: { account: SYS, subject: "$SYS.REQ.SERVER.PING.VARZ" } }]
  }
}`
export const login = { user: 'a', pass: 'secret' }

/** Where a {@link monitored} server tells its figures, by HTTP: it logs that at each start. */
export async function monitoringOf(server: NatsServer): Promise<string> {
  const log = await readFile(join(server.folder, 'nats.log'), 'utf8')
  const [, address] = [...log.matchAll(/Starting http monitor on (\S+)/g)].at(-1)!
  return `http://${address}`
}
