import { actor, open, view } from 'aether'
import { serve } from 'aether/http'
import * as z from 'zod'
import { describe, expect, test } from 'vitest'
import { type BackendSource, backendKinds } from '../support/backend-kinds.ts'
import { type RawReply, type RawRequest, send } from '../support/http-client.ts'

const Note = actor('note', {
  state: {},
  events: { Written: z.object({ text: z.string() }), Torn: z.object({}) },
  evolve: { Written: (s) => s, Torn: (s) => s },
  commands: {
    write: { input: z.object({ text: z.string() }), decide: (_s, c, on) => on.Written(c) },
    tear: { decide: (_s, _c, on) => on.Torn({}) },
  },
})

const Notes = view({
  name: 'notes',
  actors: [Note],
  state: { text: '' },
  on: { Written: (_note, { data: { text } }) => ({ text }), Torn: () => undefined },
})

interface Gateway extends AsyncDisposable {
  get(target: string, options?: RawRequest): Promise<RawReply>
  write(key: string, text: string): Promise<void>
  tear(key: string): Promise<void>
}

async function start(source: BackendSource): Promise<Gateway> {
  const node = await open({ backend: source.fresh(), actors: [Note], projections: [Notes] })
  const server = await serve(node, { port: 0 })
  const shown = ({ position }: { readonly position: number }) =>
    node.projection(Notes).reached(position, { timeoutMs: 30_000 })
  return {
    get: (target, options) => send(server.url, 'GET', target, options),
    write: async (key, text) => void (await shown(await node.get(Note, key).write({ text }))),
    tear: async (key) => void (await shown(await node.get(Note, key).tear())),
    async [Symbol.asyncDispose]() {
      await server.close()
      await node.close()
    },
  }
}

/** The keys of a page. */
function keysIn({ status, json }: RawReply): readonly string[] {
  expect(status).toBe(200)
  return (json as { key: string }[]).map(({ key }) => key)
}

for (const kind of backendKinds.filter(({ name }) => !name.includes('three')))
  describe(`GET /views/{name} on ${kind.name}`, () => {
    test('gives the documents in the order of their keys, page by page', async () => {
      await using source = await kind.start()
      await using gateway = await start(source)
      expect((await gateway.get('/views/notes')).body).toBe('[]')
      for (const key of ['b/2', 'Zoë', 'b/1', 'a', '7', 'c d', 'b/3']) await gateway.write(key, key)
      await gateway.tear('b/2')
      const { status, json } = await gateway.get('/views/notes?limit=2')
      expect([status, json]).toEqual([
        200,
        [
          { key: '7', state: { text: '7' } },
          { key: 'Zoë', state: { text: 'Zoë' } },
        ],
      ])
      const next = `/views/notes?limit=2&after=${encodeURIComponent('Zoë')}`
      expect(keysIn(await gateway.get(next))).toEqual(['a', 'b/1'])
      // What stands there was taken away, and is no end.
      expect(keysIn(await gateway.get('/views/notes?limit=1&after=b/1'))).toEqual(['b/3'])
      expect(keysIn(await gateway.get('/views/notes?after=b/3'))).toEqual(['c d'])
      expect((await gateway.get('/views/notes?after=c%20d')).body).toBe('[]')
      expect(keysIn(await gateway.get('/views/notes?prefix=b/'))).toEqual(['b/1', 'b/3'])
      expect(keysIn(await gateway.get('/views/notes?prefix=b/&after=b/1'))).toEqual(['b/3'])
      expect((await gateway.get('/views/notes?limit=0')).body).toBe('[]')
    })

    test('a page has 100 documents, unless it is told otherwise', async () => {
      await using source = await kind.start()
      await using gateway = await start(source)
      const keys = Array.from({ length: 130 }, (_, n) => `n${String(n).padStart(3, '0')}`)
      await Promise.all(keys.map((key) => gateway.write(key, '')))
      expect(keysIn(await gateway.get('/views/notes'))).toEqual(keys.slice(0, 100))
      expect(keysIn(await gateway.get('/views/notes?after=n099'))).toEqual(keys.slice(100))
      expect(keysIn(await gateway.get('/views/notes?limit=1000'))).toEqual(keys)
    })
  })

describe('entity tags of views', () => {
  test('a client that has a page or a document is told that it is the same', async () => {
    await using gateway = await start(await memorySource())
    await gateway.write('a', 'one')
    for (const target of ['/views/notes', '/views/notes/a']) {
      const { headers } = await gateway.get(target)
      const etag = String(headers['etag'])
      expect(etag).toMatch(/^"[\da-f]{16}"$/)
      const again = { headers: { 'if-none-match': etag } }
      const same = await gateway.get(target, again)
      expect([same.status, same.body, same.headers['etag']]).toEqual([304, '', etag])
      await gateway.write('a', `after ${target}`)
      const other = await gateway.get(target, again)
      expect(other.status).toBe(200)
      expect(other.headers['etag']).not.toBe(etag)
    }
  })
})

async function memorySource(): Promise<BackendSource> {
  const kind = backendKinds.find(({ name }) => name === 'memory')
  if (!kind) throw new Error('there is no memory backend')
  return kind.start()
}

test.each([
  ['/views/nobody', 404, 'unknown-projection'],
  ['/views/notes?limit=few', 400, 'invalid-argument'],
  ['/views/notes?befor=a', 400, 'invalid-argument'],
] as const)('%s is %i %s', async (target, status, code) => {
  await using gateway = await start(await memorySource())
  const reply = await gateway.get(target)
  expect([reply.status, reply.json]).toMatchObject([status, { status, code }])
})
