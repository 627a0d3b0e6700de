import type { JetStreamManager } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../core/index.ts'
import { loadClientLibrary } from '../connection/client-library.ts'
import { KnownStream } from './known-stream.ts'

const library = await loadClientLibrary()
const [one, another] = [Buffer.from('one'), Buffer.from('another')]

interface Scene {
  readonly last: number
  readonly at5?: Buffer
  /** How long ago the leader heard of two others, in ns. */
  readonly heardOf?: number
}

/** One whose newest known message has the sequence 5. */
function knownBehind({ last, at5, heardOf = 0 }: Scene): KnownStream {
  const replicas = [{ active: heardOf }, { active: heardOf }]
  const streams = {
    info: async () => ({ state: { last_seq: last }, cluster: { replicas } }),
    getMessage: async () => (at5 ? { data: at5 } : null),
  }
  const manager = { streams } as unknown as JetStreamManager
  const known = new KnownStream({ library, manager, stream: 'S', logger: silentLogger })
  known.learn(5, one)
  known.learn(4, another)
  return known
}

const another5 = { code: 'incompatible-store', message: expect.stringContaining('up to 5') }

test('a stream is known again by the newest message that was seen', async () => {
  await knownBehind({ last: 5, at5: one }).check()
  await knownBehind({ last: 9, at5: one }).check()
  await expect(knownBehind({ last: 9, at5: another }).check()).rejects.toMatchObject(another5)
  await expect(knownBehind({ last: 4 }).check()).rejects.toMatchObject(another5)
})

test('one that was trimmed beyond it can not be told from another', async () => {
  await knownBehind({ last: 9 }).check()
})

test('a leader that is cut off and knows less says nothing about the stream', async () => {
  const cutOff = knownBehind({ last: 4, heardOf: 3e9 }).check()
  await expect(cutOff).rejects.toThrow('the leader of the stream S is cut off from the others')
  await expect(cutOff).rejects.not.toHaveProperty('code')
})
