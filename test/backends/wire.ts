import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A cable between a client and a server on this machine, which a test can hold and cut: so that a
 * connection breaks at the very moment that the test is about.
 */
export class Wire implements AsyncDisposable {
  readonly #listener: Server
  readonly #target: number
  readonly #connections = new Set<Connection>()
  #isCut = false
  #refused = 0
  #holds: Direction | undefined
  #heldChunks = 0

  private constructor(listener: Server, target: number) {
    this.#listener = listener
    this.#target = target
    listener.on('connection', (client) => this.#accept(client))
  }

  static async to(port: number): Promise<Wire> {
    const listener = createServer()
    await once(listener.listen(0, '127.0.0.1'), 'listening')
    return new Wire(listener, port)
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`
  }

  /** How many connections were tried since it was cut: whoever tries one knows that his is gone. */
  get refused(): number {
    return this.#refused
  }

  /** How many pieces were held since `hold()`. */
  get heldChunks(): number {
    return this.#heldChunks
  }

  /** Lets nothing pass in this direction any more; it's kept. */
  hold(direction: Direction): void {
    this.#holds = direction
    this.#heldChunks = 0
  }

  /** What is held, in any direction, as the connections carry it. */
  get held(): string {
    return [...this.#connections].map((connection) => connection.held).join('')
  }

  /** How many messages of NATS are held, whole or begun. */
  get heldMessages(): number {
    return this.held.match(/^H?MSG /gm)?.length ?? 0
  }

  /** Reads nothing from the server any more, as a process that is too busy does, until it's cut. */
  clog(): void {
    for (const connection of this.#connections) connection.clog()
  }

  /** Passes on what was held. */
  release(): void {
    this.#holds = undefined
    for (const connection of this.#connections) connection.flush()
  }

  /** Ends all connections, loses what was held, and lets no new one in until it's mended. */
  cut(): void {
    this.#isCut = true
    this.#refused = 0
    this.#holds = undefined
    for (const connection of this.#connections) connection.end()
  }

  mend(): void {
    this.#isCut = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#listener.close()
  }

  #accept(client: Socket): void {
    if (this.#isCut) {
      this.#refused++
      client.on('error', () => undefined).destroy()
      return
    }
    const connection = new Connection(client, connect(this.#target, '127.0.0.1'), (direction) => {
      const isHeld = this.#holds === direction
      if (isHeld) this.#heldChunks++
      return isHeld
    })
    this.#connections.add(connection)
    client.once('close', () => this.#connections.delete(connection))
  }
}

type Direction = 'requests' | 'answers'

class Connection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #held: { to: Socket; chunk: Buffer }[] = []

  constructor(client: Socket, server: Socket, isHeld: (direction: Direction) => boolean) {
    this.#client = client
    this.#server = server
    const pass = (direction: Direction, from: Socket, to: Socket): void => {
      from.on('data', (chunk: Buffer) => {
        if (isHeld(direction)) this.#held.push({ to, chunk })
        else to.write(chunk)
      })
      from.on('close', () => this.end())
      from.on('error', () => this.end())
    }
    pass('requests', client, server)
    pass('answers', server, client)
  }

  get held(): string {
    return Buffer.concat(this.#held.map(({ chunk }) => chunk)).toString('latin1')
  }

  flush(): void {
    for (const { to, chunk } of this.#held.splice(0)) to.write(chunk)
  }

  clog(): void {
    this.#server.pause()
  }

  end(): void {
    this.#client.destroy()
    this.#server.destroy()
  }
}
