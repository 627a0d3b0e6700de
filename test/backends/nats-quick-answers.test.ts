import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node'
import { expect, onTestFinished, test } from 'vitest'
import { QuickAnswers } from '../../src/backends/nats/connection/quick-answers.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'

let server: ServerOfTests['server']

useServer({}, (started) => ({ server } = started))

/** What reads the bytes of a connection: in no type of the client's. */
interface Parser {
  parse(chunk: Uint8Array): void
}

interface Scene {
  readonly nats: NatsConnection
  readonly parser: Parser
  /** What came to the inbox, in its order: `q` taken quickly, `c` by the client. */
  readonly taken: string[]
  /** As the server would send it. */
  readonly answer: (number: number | string, text: string, reply?: string) => string
}

async function scene(): Promise<Scene> {
  const nats = await connect({ servers: server.url })
  onTestFinished(() => nats.close())
  const taken: string[] = []
  const take = (by: string, subject: string, data: Uint8Array): void =>
    void taken.push(`${by} ${subject} ${Buffer.from(data).toString()}`)
  const subscription = nats.subscribe('box.>', {
    callback: (_, message: Msg) => take('c', message.subject, message.data),
  })
  const quick = new QuickAnswers(nats, 'box.7', (number, data) => {
    if (number > 99) return false
    take('q', `box.7.${number}`, data)
    return true
  })
  quick.attach()
  const { parser } = (nats as unknown as { readonly protocol: { readonly parser: Parser } })
    .protocol
  const { parse } = parser
  quick.attach()
  expect(parser.parse).toBe(parse)
  const sid = subscription.getID()
  return {
    nats,
    parser,
    taken,
    answer: (number, text, reply) => {
      const words = [
        'MSG',
        `box.7.${number}`,
        sid,
        ...(reply ? [reply] : []),
        Buffer.byteLength(text),
      ]
      return `${words.join(' ')}\r\n${text}\r\n`
    },
  }
}

// The client's types don't show how it reads: this is what a version must do for it.
test('short answers are read before the client reads them, each once', async () => {
  const { parser, taken, answer, nats } = await scene()
  const { inMsgs } = nats.stats()
  parser.parse(Buffer.from(answer(1, 'one') + answer(23, '') + answer(4, 'Zoë\r\nMSG box.7.5 1 0')))
  expect(taken).toEqual(['q box.7.1 one', 'q box.7.23 ', 'q box.7.4 Zoë\r\nMSG box.7.5 1 0'])
  expect(nats.stats().inMsgs).toBe(inMsgs)
})

test('what is no short answer is left to the client, and what stands behind it', async () => {
  const { parser, taken, answer } = await scene()
  const others = [
    answer(100, 'nobody takes it so'),
    answer(2, 'to be replied to', 'somewhere'),
    answer('2x', 'no number'),
    answer('2.3', 'two of them'),
    answer(2, 'elsewhere').replace('box.7', 'box.8'),
    answer(2, 'with headers')
      .replace(/^MSG (\S+ \S+) .*/, 'HMSG $1 12 24')
      .replace('with', 'NATS/1.0\r\n\r\nwith'),
  ]
  for (const other of others) parser.parse(Buffer.from(answer(1, 'a') + other + answer(3, 'b')))
  expect(taken).toEqual(
    [
      'c box.7.100 nobody takes it so',
      'c box.7.2 to be replied to',
      'c box.7.2x no number',
      'c box.7.2.3 two of them',
      'c box.8.2 elsewhere',
      'c box.7.2 with headers',
    ].flatMap((other) => ['q box.7.1 a', other, 'c box.7.3 b']),
  )
})

test('wherever what comes is cut, each answer is taken once, in its order', async () => {
  const { parser, taken, answer } = await scene()
  const bytes = Buffer.from(
    `${answer(1, 'one')}${answer(2, `two${answer(9, '')}`)}PING\r\n${answer(3, 'Zoë')}${answer(100, '')}${answer(4, 'four')}`,
  )
  const texts = ['1 one', `2 two${answer(9, '')}`, '3 Zoë', '100 ', '4 four']
  for (let cut = 0; cut <= bytes.length; cut++) {
    taken.length = 0
    parser.parse(bytes.subarray(0, cut))
    parser.parse(bytes.subarray(cut))
    expect(taken.map((each) => each.replace(/^[qc] box\.7\./, ''))).toEqual(texts)
  }
  parser.parse(Buffer.from(answer(5, 'five')))
  expect(taken.at(-1)).toBe('q box.7.5 five')
})

test('a client that works otherwise reads all by itself', () => {
  const take = (): boolean => true
  for (const inside of [{}, { protocol: {} }, { protocol: { parser: {} } }])
    expect(() => new QuickAnswers(inside as NatsConnection, 'box', take).attach()).not.toThrow()
})
