import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from '../support/until.ts'

/** A TCP connection that says exactly what it is told to. */
export class RawConnection implements Disposable {
  readonly #socket: Socket
  received = ''
  closed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('utf8').on('data', (text: string) => (this.received += text))
    socket.on('error', () => {})
    socket.on('close', () => (this.closed = true))
  }

  static async to(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  /** Lines of a request; an empty one ends its header. */
  say(...lines: string[]): void {
    this.#socket.write(lines.join('\r\n'))
  }

  /** The statuses of the answers, once there are so many. */
  async statuses(count: number): Promise<number[]> {
    return until(
      () => {
        const found = this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)
        const statuses = [...found].map(([, status]) => Number(status))
        return statuses.length >= count ? statuses : undefined
      },
      { description: `${count} answers` },
    )
  }

  /** Says that nothing more will come, and goes on listening. */
  closeSide(): void {
    this.#socket.end()
  }

  async end(): Promise<void> {
    await until(() => this.closed || undefined, { description: 'the connection is closed' })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
