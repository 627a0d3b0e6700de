import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { nastyJson, nastyKeys } from '../support/nasty-inputs.ts'

describe.each(backendKinds)('$name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('every key is refused, or a document of its own', async () => {
    await using store = await source.fresh().openStore()
    const table = await store.table('nasty')
    const keys = nastyKeys.map(({ key }) => key)
    const kept = keys.filter((key) => key !== '' && key.isWellFormed() && key.length <= 400)
    for (const key of keys) {
      const putting = table.put(key, `of ${key}`, undefined)
      if (kept.includes(key)) expect(await putting).toBeGreaterThan(0)
      else await expect(putting).rejects.toMatchObject({ code: 'invalid-argument' })
    }
    const listed = await Array.fromAsync(table.list(''))
    expect(listed.map(({ key }) => key).toSorted()).toEqual(kept.toSorted())
    for (const { key, text, revision } of listed) {
      expect(text).toBe(`of ${key}`)
      expect(await table.remove(key, revision)).toBe(true)
    }
    expect(await Array.fromAsync(table.list(''))).toEqual([])
  })

  test('every text is refused, or comes back as it was', async () => {
    await using store = await source.fresh().openStore()
    const table = await store.table('nasty')
    for (const [n, text] of nastyJson.entries()) {
      const putting = table.put(`${n}`, text, undefined)
      if (!text.isWellFormed()) {
        await expect(putting).rejects.toMatchObject({ code: 'invalid-argument' })
        continue
      }
      const isStored = await putting.then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'too-large' })
          return false
        },
      )
      expect((await table.get(`${n}`))?.text).toBe(isStored ? text : undefined)
    }
  })
})
