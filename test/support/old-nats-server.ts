import type { Socket } from 'node:net'

/**
 * What a server of that version without JetStream says: as far as opening a store gets there. Old
 * servers are not at hand, so this is the protocol by hand.
 */
export function greetLike(version: string): (socket: Socket) => void {
  return (socket) => {
    const info = { server_id: 'old', version, headers: true, max_payload: 1_048_576, proto: 1 }
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
    let subscription = '1'
    socket.on('data', (chunk) => {
      const text = chunk.toString()
      subscription = /^SUB \S+ (\d+)/m.exec(text)?.[1] ?? subscription
      const inbox = /^PUB \S+ (\S+) \d+/m.exec(text)?.[1]
      if (/^PING/m.test(text)) socket.write('PONG\r\n')
      if (inbox) socket.write(`HMSG ${inbox} ${subscription} 16 16\r\nNATS/1.0 503\r\n\r\n\r\n`)
    })
  }
}
