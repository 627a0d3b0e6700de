import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { loadClientLibrary } from '../../src/backends/nats/connection/client-library.ts'
import { EventSubjects } from '../../src/backends/nats/commits/event-subjects.ts'
import { nats } from '../../src/backends/nats/index.ts'
import { NatsLink } from '../../src/backends/nats/connection/nats-link.ts'
import { SharedInbox } from '../../src/backends/nats/connection/shared-inbox.ts'
import { StreamLeader } from '../../src/backends/nats/reading/stream-leader.ts'
import { frozenLeaderTrial } from '../history/frozen-leader.ts'
import { type NatsCluster, startNatsCluster } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { Wire } from './wire.ts'

const subjects = new EventSubjects('asked')
const subject = subjects.of('account-alice')

let cluster: NatsCluster
let watcher: NatsConnection

beforeAll(async () => {
  cluster = await startNatsCluster()
  const options = { servers: cluster.urls, namespace: 'asked', replicas: 3, retryForMs: 60_000 }
  await using store = await nats({ ...options, durability: 'trust' }).openStore()
  await store.append('account-alice', [{ type: 'A', data: {} }], { expectedVersion: 0 })
  // At the same server as who asks: another one hears of new subjects a little later.
  watcher = await connect({ servers: cluster.nodes[0]?.url ?? '' })
})
afterAll(async () => {
  await watcher.close()
  await cluster.stop()
})

interface Scene {
  readonly leader: StreamLeader
  readonly link: NatsLink
  readonly wire: Wire
  /** How many questions were put to the leader until now. */
  readonly questions: () => Promise<number>
  /** How many questions this led to, while our server was not silent by itself. */
  readonly inCalm: (ask: () => Promise<unknown>) => Promise<number>
}

async function scene(): Promise<Scene> {
  const library = await loadClientLibrary()
  const wire = await Wire.to(cluster.nodes[0]?.port ?? 0)
  const connection = await connect({ servers: wire.url, ignoreClusterUpdates: true })
  const link = new NatsLink(library, connection, '_INBOX')
  const manager = await jetstreamManager(connection, { checkAPI: false })
  const inbox = new SharedInbox(library, link, 10_000)
  const { stream } = subjects
  const leader = new StreamLeader({ library, link, manager, inbox, stream, retryForMs: 60_000 })
  let count = 0
  const counting = watcher.subscribe(`$JS.API.STREAM.>`, {
    callback: (_, { subject: asked }) => {
      if (asked.endsWith(`.${stream}`)) count++
    },
  })
  await watcher.flush()
  onTestFinished(async () => {
    counting.unsubscribe()
    await link.close()
    await wire[Symbol.asyncDispose]()
  })
  const questions = async (): Promise<number> => {
    // What was asked on one connection has come to the other one when this has.
    const mark = `mark.${count}.${performance.now()}`
    const marked = watcher.subscribe(mark, { max: 1 })
    await watcher.flush()
    const seen = (async () => {
      for await (const _ of marked) return
    })()
    connection.publish(mark)
    await seen
    return count
  }
  const inCalm = (ask: () => Promise<unknown>): Promise<number> =>
    until(
      async () => {
        const [begun, before] = [performance.now(), await questions()]
        await ask()
        const asked = (await questions()) - before
        // On a busy machine it may have been silent for a moment.
        return link.pulse.isDoubtful(begun) ? undefined : asked
      },
      { description: 'it is asked in calm' },
    )
  return { leader, link, wire, questions, inCalm }
}

test('an answer is asked for once more where the server was silent, and only then', async () => {
  const { leader, link, wire, questions, inCalm } = await scene()
  const isFound = async (): Promise<unknown> =>
    expect(await leader.last(subject)).toMatchObject({ seq: 1 })
  expect(await inCalm(isFound)).toBe(1)
  const before = await questions()
  wire.hold('answers')
  await until(() => link.pulse.isDoubtful(performance.now()), { description: 'it is silent' })
  wire.release()
  await isFound()
  expect((await questions()) - before).toBe(2)
  const hasLast = async (): Promise<unknown> => expect(await leader.lastSequence()).toBe(1)
  expect(await inCalm(hasLast)).toBe(1)
})

test('so it is where the connection was lost', async () => {
  const { leader, link, wire, questions, inCalm } = await scene()
  wire.cut()
  wire.mend()
  await until(() => !link.isConnected, { description: 'the loss is noticed' })
  await leader.last(subject)
  expect(await questions()).toBe(2)
  expect(await inCalm(() => leader.last(subject))).toBe(1)
})

test('so it is where more is known than the answer shows, which is believed in the end', async () => {
  const { leader, questions, inCalm } = await scene()
  expect(await leader.last(subject, undefined, 2)).toMatchObject({ seq: 1 })
  expect(await questions()).toBe(2)
  const isFound = async (): Promise<unknown> =>
    expect(await leader.last(subject, undefined, 1)).toMatchObject({ seq: 1 })
  expect(await inCalm(isFound)).toBe(1)
  const before = await questions()
  leader.learn(2)
  expect(await leader.lastSequence()).toBe(1)
  expect((await questions()) - before).toBe(2)
})

test('a leader that was replaced while it was frozen shows nothing old to who was with it', async () => {
  const { readers } = await frozenLeaderTrial(cluster)
  expect(readers['at the frozen one']).toMatchObject({ oldReads: 0 })
  expect(readers['the writer']).toMatchObject({ oldReads: 0 })
})
