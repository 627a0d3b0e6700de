import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodeHead, decodeSnapshot, encodeSnapshot, type KeptSnapshot } from './snapshot-text.ts'

const head = { actorId: 'a-1', version: 7, time: 'now', eventId: 'e-7' } as const
const snapshots: readonly KeptSnapshot[] = ['s', ',"state":', '"', '\\', '\\","state":1'].map(
  (shape) => ({ ...head, shape, state: { state: [shape], more: ',"state":' } }),
)

test.for(snapshots)(
  'a snapshot is read back, and its head without its state: $shape',
  (snapshot) => {
    const text = encodeSnapshot(snapshot)
    expect(decodeSnapshot(text, 'a-1')).toEqual(snapshot)
    const { state: _, ...ofHead } = snapshot
    expect(decodeHead(text, 'a-1')).toEqual(ofHead)
  },
)

test.for(snapshots)('an older Aether put the state into the middle: $shape', (snapshot) => {
  const { actorId, version, state, shape, time, eventId } = snapshot
  const json = JSON.stringify({ actorId, version, state, shape, time, eventId })
  const text = `${crc32(json).toString(16).padStart(8, '0')} ${json}`
  expect(decodeHead(text, 'a-1')).toMatchObject({ ...head, shape })
})

test('nothing is told of what is damaged behind its head, or of another actor', () => {
  const text = encodeSnapshot({ ...head, shape: 's', state: 'second' })
  expect(() => decodeHead(text.replace('second', 'sEcond'), 'a-1')).toThrow('it is damaged')
  expect(() => decodeHead(text, 'a-2')).toThrow('it is of a-1')
})
