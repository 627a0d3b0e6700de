import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems give to outgoing connections, so that a restart finds its own. */
const PORTS = { from: 20_000, to: 32_000 }

/** All are held until all are found, so that none is found twice. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  await using holders = new AsyncDisposableStack()
  const ports: number[] = []
  while (ports.length < count) {
    const port = randomInt(PORTS.from, PORTS.to)
    const holder = createServer().listen(port, host)
    try {
      await once(holder, 'listening')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue
      throw error
    }
    holders.use(holder)
    ports.push(port)
  }
  return ports
}
