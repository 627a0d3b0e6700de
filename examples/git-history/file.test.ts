import { open } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { File } from './file.ts'

describe('a change that makes no sense is rejected:', () => {
  const commit = 'd'.repeat(40)
  const content = { mode: '100644', blob: 'e'.repeat(40) }
  const edit = { commit, added: 1, deleted: 0 }
  const other = { ...content, blob: 'f'.repeat(40) }

  test.each([
    ['a file that is not there', 'not-there', 'absent'],
    ['another content', 'other-content', 'present'],
  ])('to %s', async (_what, rejection, key) => {
    await using node = await open({ backend: memory(), actors: [File] })
    await node.get(File, 'present').add({ ...edit, ...content, path: 'present' })
    const file = node.get(File, key)
    const changes = [
      file.modify({ ...edit, ...content, before: other }),
      file.delete({ ...edit, before: other }),
      file.rename({ commit, before: other, to: 'elsewhere' }),
    ]
    for (const change of changes) await expect(change).rejects.toMatchObject({ rejection })
  })

  test('an addition of what is there', async () => {
    await using node = await open({ backend: memory(), actors: [File] })
    const addition = { ...edit, ...content, path: 'present' }
    await node.get(File, 'present').add(addition)
    await expect(node.get(File, 'present').add(addition)).rejects.toMatchObject({
      rejection: 'already-there',
      details: { blob: content.blob },
    })
  })
})
