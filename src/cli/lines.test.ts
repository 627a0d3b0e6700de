import { expect, test } from 'vitest'
import { linesOf } from './lines.ts'

/** Some bytes at a time, so that characters are cut. */
async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 3) yield bytes.subarray(start, start + 3)
}

test('a line ends with a line feed, and with nothing else', async () => {
  const text = '{"a":"\u2028 \u2029 \u0085 €"}\r\n\n{"b":2}\nlast'
  const lines = await Array.fromAsync(linesOf(inChunks(Buffer.from(text))))
  expect(lines).toEqual(text.split('\n'))
  expect(await Array.fromAsync(linesOf(inChunks(Buffer.from('one\n'))))).toEqual(['one'])
  expect(await Array.fromAsync(linesOf(inChunks(Buffer.from(''))))).toEqual([])
})

test.each([
  ['in the middle', 'one\ntwo \xe9\nthree'],
  ['at the end', 'one\ntwo \xe9'],
])('what is not UTF-8 is refused, not replaced: %s', async (_, text) => {
  const reading = Array.fromAsync(linesOf(inChunks(Buffer.from(text, 'latin1'))))
  await expect(reading).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('behind line 1 is not UTF-8'),
  })
})

test('a line in many pieces takes time by its length, not by its square', async () => {
  const [line] = await Array.fromAsync(linesOf(inPieces(6_000)))
  expect(line).toHaveLength(60_000_000)
})

test('a line is refused where no string could hold it', async () => {
  expect(await Array.fromAsync(linesOf(inPieces(10), 100_000))).toHaveLength(1)
  await expect(Array.fromAsync(linesOf(inPieces(11), 100_000))).rejects.toMatchObject({
    code: 'too-large',
    message: 'line 1 is longer than that of any event',
  })
})

async function* inPieces(count: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(10_000, 'x')
  for (let sent = 0; sent < count; sent++) yield piece
}
