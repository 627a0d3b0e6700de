import { expect, test } from 'vitest'
import { send } from '../support/http-client.ts'
import { type Done, shopFolder, startDev, steer } from './shop.ts'

const backend = 'sqlite:shop.db'

test('the documents of a view are shown, by what is stored and by a node', async () => {
  await using folder = await shopFolder()
  await using dev = startDev(folder, backend)
  const url = await dev.listening()
  const body = JSON.stringify({ amount: 5 })
  const keys = ['..', 'a+b', 'c/d', 'zoë']
  for (const key of keys) {
    const command = `/actors/account//deposit?key=${encodeURIComponent(key)}`
    const { position } = (await send(url, 'POST', command, { body })).json as { position: number }
    expect((await send(url, 'GET', `/views/journal?reached=${position}`)).status).toBe(200)
  }
  const state = { entries: [5] }
  for (const way of [[], ['--node', url]]) {
    const show = (...args: readonly string[]): Promise<Done> =>
      steer(folder, backend, 'show', ...args, ...way)
    const all = keys.map((key) => ({ key, state }))
    expect(await show('journal')).toMatchObject({ code: 0, values: all })
    const some = await show('journal', '--after', '..', '--limit', '2')
    expect(some.values).toEqual(all.slice(1, 3))
    expect((await show('journal', '--prefix', 'a+')).values).toEqual(all.slice(1, 2))
    for (const one of all)
      expect(await show('journal', one.key)).toMatchObject({ code: 0, values: [one] })
    expect(await show('journal', 'nobody')).toMatchObject({ code: 3, values: [null] })
    const none = await show('nothing')
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('view')])
  }
})
