import { expect, test } from 'vitest'
import { readText } from './body.ts'

test('a body of many small pieces keeps none of them', async () => {
  const letters = 'abc'.repeat(10_000)
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('-')
    const piece = new Uint8Array(1)
    for (const letter of letters) {
      piece[0] = letter.charCodeAt(0)
      yield piece
    }
  }
  expect(await readText(pieces())).toBe(`-${letters}`)
})

test('a body may have so many bytes, and no more', async () => {
  async function* bytes(...lengths: readonly number[]): AsyncGenerator<Uint8Array> {
    for (const length of lengths) yield Buffer.alloc(length, 'ä')
  }
  expect(await readText(bytes())).toBe('')
  expect(await readText(bytes(0, 524_288, 524_288))).toBe('ä'.repeat(524_288))
  await expect(readText(bytes(524_288, 524_289))).rejects.toMatchObject({ code: 'too-large' })
})
