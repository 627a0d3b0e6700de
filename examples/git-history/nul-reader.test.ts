import { expect, test } from 'vitest'
import { NulReader } from './nul-reader.ts'

test('the pieces are the same, wherever the stream is cut', async () => {
  const written = Buffer.from('one\0\0three is longer\0\xff\0', 'latin1')
  for (const size of [1, 2, 3, 5, 8, 100]) {
    const pieces = await piecesOf(written, size)
    expect(pieces).toEqual(['one', '', 'three is longer', '\xff'])
  }
  await expect(piecesOf(Buffer.from('one\0tw'), 3)).rejects.toThrow(/in the middle of "tw"/)
})

async function piecesOf(written: Buffer, size: number): Promise<string[]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < written.length; at += size) yield written.subarray(at, at + size)
  }
  const reader = new NulReader(chunks())
  const pieces: string[] = []
  for (let piece = await reader.next(); piece; piece = await reader.next())
    pieces.push(piece.toString('latin1'))
  return pieces
}
