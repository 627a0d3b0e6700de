import { randomUUID } from 'node:crypto'
import { headers } from '@nats-io/transport-node'
import { actor, open } from 'aether'
import { nats } from 'aether/nats'
import * as z from 'zod'
import { type NatsServer, startNatsServer } from '../../test/support/nats.ts'
import { type Contender, contender, inFlight, speed } from '../comparison.ts'
import { group } from '../group.ts'
import { openPlace } from '../jetstream-place.ts'
import { scaled } from '../scale.ts'
import { bodyOfCommit } from '../stored-commit.ts'

/** The server takes 50 batches of a stream at once. */
const width = 32
const accountCount = 1_000

const amount = z.object({ amount: z.number() })
const Account = actor('account', {
  state: { balance: 0 },
  events: { Sent: amount, Received: amount },
  evolve: {
    Sent: (state, event) => ({ balance: state.balance - event.amount }),
    Received: (state, event) => ({ balance: state.balance + event.amount }),
  },
  commands: {},
})

export const transferGroup = group<NatsServer>({
  name: 'Actors: transfers on JetStream',
  remarks: [
    `Each is one decision over two of ${accountCount} accounts that stores an event of both or none, ${width} in flight, of which no two meet. The reference publishes an atomic batch of two messages for each, behind the messages before.`,
    'One nats-server, one replica, with its default `sync_interval` for both sides.',
  ],
  open: () => startNatsServer(),
  comparisons: [
    {
      name: `transact over two actors, ${width} in flight, against a raw atomic batch each`,
      unit: 'transfers/s',
      start: async ({ url }) => ({
        ours: await transfers(url, scaled(5_000)),
        reference: await batches(url, scaled(500)),
      }),
    },
  ],
})

function pairOf(index: number): readonly [string, string] {
  return [`a${(2 * index) % accountCount}`, `a${(2 * index + 1) % accountCount}`]
}

async function transfers(url: string, count: number): Promise<Contender> {
  const node = await open({
    backend: nats({ servers: url, namespace: randomUUID() }),
    actors: [Account],
  })
  const transfer = (index: number): Promise<unknown> => {
    const [from, to] = pairOf(index)
    return node.transact([node.get(Account, from), node.get(Account, to)], ([sender, receiver]) => [
      sender.on.Sent({ amount: 1 }),
      receiver.on.Received({ amount: 1 }),
    ])
  }
  return contender(
    () => speed(() => inFlight(count, width, transfer)),
    () => node.close(),
  )
}

async function batches(url: string, count: number): Promise<Contender> {
  const place = await openPlace(url)
  const { connection, subjects } = place
  const sequences = new Map<string, number>()
  const publish = async (index: number): Promise<void> => {
    const [from, to] = pairOf(index)
    const batch = randomUUID()
    const messageOf = (account: string, number: number) => {
      const fields = headers()
      fields.set('Nats-Batch-Id', batch)
      fields.set('Nats-Batch-Sequence', String(number))
      fields.set('Nats-Expected-Last-Subject-Sequence', String(sequences.get(account) ?? 0))
      const actorId = `account-${account}` as const
      return { subject: subjects.of(actorId), body: bodyOfCommit({ actorId }), fields }
    }
    const first = messageOf(from, 1)
    const last = messageOf(to, 2)
    last.fields.set('Nats-Batch-Commit', '1')
    connection.publish(first.subject, first.body, { headers: first.fields })
    const options = { headers: last.fields, timeout: 20_000 }
    const answer = await connection.request(last.subject, last.body, options)
    const { seq, error } = answer.json<{ seq?: number; error?: { description: string } }>()
    if (seq === undefined) throw new Error(error?.description ?? 'no acknowledgement')
    sequences.set(from, seq - 1).set(to, seq)
  }
  return contender(
    () => speed(() => inFlight(count, width, publish)),
    async () => place[Symbol.asyncDispose](),
  )
}
