import assert from 'node:assert/strict'
import { AetherError, encodeKey, type ErrorCode } from '../../core/index.ts'
import type { Document, DocumentTable, EventStore } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { eventually, type EventStoreSubject } from './subject.ts'

const alike = [
  'x',
  'X',
  'x.y',
  'x.',
  'x y',
  'x/y',
  'x*',
  'x>',
  '=78',
  'x=',
  '\u1e8b',
  'x\u0307',
  '\0',
  '%',
  '_',
]
const longest = '界'.repeat(400)

/** Larger texts are not tried. */
const affordableBytes = 4_000_000

export const tableCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'a document that was put is given as it was, also after opening again',
    async run({ open }) {
      const store = await open()
      const table = await store.table('t')
      assert.equal(await table.get('a'), undefined)
      const texts = ['', '{"half":"\\ud800"}', 'Zoë 👩‍💻 \0\r\n\t"\'', 'x'.repeat(200_000)]
      const put: Document[] = []
      for (const [n, text] of texts.entries()) put.push(await create(table, `k${n}`, text))
      for (const document of put) assert.deepEqual(await table.get(document.key), document)
      await store.close()
      await using again = await open()
      const reopened = await again.table('t')
      for (const document of put) assert.deepEqual(await reopened.get(document.key), document)
    },
  },
  {
    name: 'a text of as many bytes as the table says is taken, and where that is few, no longer one',
    async run({ open }) {
      await using store = await open()
      const table = await store.table('t')
      const most = Math.min(table.maxTextBytes, affordableBytes)
      const text = 'ü'.repeat(most / 2) + 'x'.repeat(most % 2)
      await create(table, 'a', text)
      if (table.maxTextBytes < affordableBytes)
        await assert.rejects(table.put('b', `${text}x`, undefined), { code: 'too-large' })
      assert.equal((await table.get('a'))?.text, text)
    },
  },
  {
    name: 'a document is changed by whoever knows its revision, and by nobody else',
    async run({ open }) {
      await using store = await open()
      const table = await store.table('t')
      const first = await create(table, 'a', '1')
      assert.equal(await table.put('a', 'x', undefined), undefined)
      assert.equal(await table.put('a', 'x', first.revision + 1), undefined)
      assert.equal(await table.put('b', 'x', first.revision), undefined)
      assert.deepEqual(await listed(table), [first])
      const second = await table.put('a', '2', first.revision)
      assert.ok(second !== undefined && second !== first.revision)
      assert.equal(await table.put('a', 'x', first.revision), undefined)
      assert.deepEqual(await table.get('a'), { key: 'a', text: '2', revision: second })
    },
  },
  {
    name: 'a document is taken away by whoever knows its revision, and its revisions never come again',
    async run({ open }) {
      await using store = await open()
      const table = await store.table('t')
      const seen = new Set<number>()
      for (let round = 0; round < 3; round++) {
        const { revision } = await create(table, 'a', `${round}`)
        assert.equal(await table.remove('a', revision + 1), false)
        assert.equal(await table.remove('b', revision), false)
        assert.equal((await table.get('a'))?.revision, revision)
        assert.equal(await table.remove('a', revision), true)
        assert.equal(await table.remove('a', revision), false)
        assert.equal(await table.put('a', 'x', revision), undefined)
        assert.equal(await table.get('a'), undefined)
        assert.deepEqual(await listed(table), [])
        assert.deepEqual(await table.getMany(['a']), new Map())
        assert.ok(!seen.has(revision))
        seen.add(revision)
      }
    },
  },
  {
    name: 'tables of other names are others, one of the same name is the same',
    async run({ open }) {
      await using store = await open()
      assert.equal(await store.table('t'), await store.table('t'))
      const names = ['t', 't-', 't0', `t${'-z'.repeat(15)}`]
      for (const name of names) await create(await store.table(name), 'a', name)
      for (const name of names)
        assert.deepEqual((await listed(await store.table(name))).map(textOf), [name])
    },
  },
  {
    name: 'keys differ, however alike they are',
    async run({ open }) {
      await using store = await open()
      const table = await store.table('t')
      const keys = [...alike, longest, `${longest.slice(1)}x`]
      const put = await Promise.all(keys.map((key) => create(table, key, `of ${key}`)))
      assert.deepEqual(await listed(table), put.toSorted(byKey))
      for (const document of put) assert.deepEqual(await table.get(document.key), document)
      const many = await table.getMany([...keys, 'absent', 'x'])
      assert.deepEqual([...many.values()].toSorted(byKey), put.toSorted(byKey))
      for (const [key, document] of many) assert.equal(document.key, key)
    },
  },
  {
    name: 'a list has all whose key begins with the prefix, and nothing else',
    async run({ open }) {
      await using store = await open()
      const table = await store.table('t')
      for (const key of alike) await create(table, key, key)
      for (const prefix of [
        '',
        'x',
        'x.',
        'x*',
        '*',
        '%',
        '_',
        '>',
        '\u1e8b',
        'x\u0307',
        '\0',
        longest,
      ])
        assert.deepEqual(
          (await listed(table, prefix)).map(({ key }) => key),
          alike.filter((key) => key.startsWith(prefix)).toSorted(),
          prefix,
        )
    },
  },
  {
    name: 'a list is in the order in which keys are spelled, and begins behind any key',
    async run({ open }) {
      await using store = await open()
      const table = await store.table('t')
      const keys = [...alike, 'y', '界', 'x0', 'xA', 'xa', 'x-', 'x/'].toSorted(bySpelling)
      await Promise.all(keys.toReversed().map((key) => create(table, key, key)))
      for (const after of ['', 'X', 'x', 'x1', 'x/', 'x\u0306', '~', '界'])
        for (const prefix of ['', 'x', 'x='])
          for (const atOnce of [3, 1_000])
            assert.deepEqual(
              (await Array.fromAsync(table.list(prefix, { after, atOnce }))).map(textOf),
              keys.filter((key) => key.startsWith(prefix) && encodeKey(key) > encodeKey(after)),
              JSON.stringify({ after, prefix, atOnce }),
            )
    },
  },
  {
    name: 'pages of a list of many have each document once, in their order',
    async run({ open }) {
      await using store = await open()
      const table = await store.table('t')
      const keys = Array.from({ length: 700 }, (_, n) => `k${n}`)
      await Promise.all(keys.map((key) => create(table, key, key)))
      const seen: string[] = []
      for (let after = ''; ; after = seen.at(-1) ?? '') {
        const before = seen.length
        for await (const { key } of table.list('k', { after, atOnce: 90 }))
          if (seen.push(key) - before === 90) break
        if (seen.length === before) break
      }
      assert.deepEqual(seen, keys.toSorted())
    },
  },
  {
    name: 'a list of many is complete, also of what others wrote just before',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const [here, there] = [await one.table('t'), await two.table('t')]
      const keys = Array.from({ length: 1_200 }, (_, n) => `k${n}`)
      await Promise.all(keys.map((key, n) => create(n % 2 ? here : there, key, key)))
      await create(there, 'last', 'last')
      assert.deepEqual((await listed(here)).map(textOf), [...keys, 'last'].toSorted())
      const many = await here.getMany([...keys, 'absent'])
      assert.deepEqual([...many.keys()].toSorted(), keys.toSorted())
    },
  },
  {
    name: 'of 50 who make the same document one succeeds',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const tables = [await one.table('t'), await two.table('t')] as const
      const revisions = await Promise.all(
        Array.from({ length: 50 }, (_, n) => tables[n % 2 ? 0 : 1].put('a', `${n}`, undefined)),
      )
      const winners = revisions.flatMap((revision, n) => (revision === undefined ? [] : [n]))
      assert.equal(winners.length, 1)
      const [winner = -1] = winners
      const expected = { key: 'a', text: `${winner}`, revision: revisions[winner] }
      for (const table of tables) assert.deepEqual(await table.get('a'), expected)
    },
  },
  {
    name: 'what several change, make and take away at the same time loses no change',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const tables = [await one.table('t'), await two.table('t')]
      const counters = [...tables, ...tables].map((table) => count(table, 10))
      await Promise.all(counters)
      // 40 steps, of which each fifth leads back to the beginning.
      assert.equal(await tables[0]?.get('n'), undefined)
    },
  },
  {
    name: 'what was acknowledged is seen by everybody who looks then',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const tables = [await one.table('t'), await two.table('t')] as const
      let { revision } = await create(tables[0], 'a', '0')
      for (let n = 1; n <= 60; n++) {
        const [writer, reader] = n % 2 ? tables : tables.toReversed()
        assert.equal((await reader?.get('a'))?.revision, revision)
        revision = (await writer?.put('a', `${n}`, revision)) ?? -1
        assert.equal((await reader?.getMany(['a']))?.get('a')?.text, `${n}`)
      }
    },
  },
  {
    name: 'whoever watches is woken by every change of whomever, until it ends',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const [here, there] = [await one.table('t'), await two.table('t')]
      let seen: Document[] = []
      let wakes = 0
      let newest = 0
      const watching = await here.watch(() => {
        const wake = ++wakes
        listed(here).then(
          (documents) => {
            // Who was woken before may be answered later, with less.
            if (wake < newest) return
            newest = wake
            seen = documents
          },
          () => undefined,
        )
      })
      const mine = await create(here, 'a', 'mine')
      await eventually(() => assert.deepEqual(seen, [mine]))
      const theirs = await create(there, 'b', 'theirs')
      await eventually(() => assert.deepEqual(seen, [mine, theirs]))
      await there.remove('a', mine.revision)
      await eventually(() => assert.deepEqual(seen, [theirs]))
      await watching[Symbol.asyncDispose]()
      await watching[Symbol.asyncDispose]()
      wakes = 0
      let otherWakes = 0
      await using _ = await there.watch(() => otherWakes++)
      await create(here, 'c', 'unseen')
      await eventually(() => assert.notEqual(otherWakes, 0))
      assert.equal(wakes, 0)
    },
  },
  {
    name: 'a table that was cleared is empty and can be used, and others are as they were',
    async run({ open }) {
      await using store = await open()
      const [table, other] = [await store.table('t'), await store.table('t-')]
      await table.clear()
      const kept = await create(other, 'a', 'kept')
      const gone = await create(table, 'a', 'gone')
      await create(table, 'b', 'gone')
      await table.clear()
      assert.deepEqual(await listed(table), [])
      assert.equal(await table.get('a'), undefined)
      assert.equal(await table.put('a', 'x', gone.revision), undefined)
      assert.equal(await table.remove('a', gone.revision), false)
      const anew = await create(table, 'a', 'new')
      assert.notEqual(anew.revision, gone.revision)
      assert.deepEqual(await listed(table), [anew])
      assert.deepEqual(await listed(other), [kept])
    },
  },
  {
    name: 'what no table can keep is refused',
    async run({ open }) {
      await using store = await open()
      const names = ['', 'T', '1', '-t', 't.u', 't_u', 'tä', 't'.repeat(32), 7 as never]
      for (const name of names) await assert.rejects(store.table(name), coded('invalid-argument'))
      const table = await store.table(`t${'u'.repeat(30)}`)
      const document = await create(table, 'a', '1')
      for (const key of ['', '\ud800', 'x'.repeat(401), 1 as never]) {
        await assert.rejects(table.get(key), coded('invalid-argument'))
        await assert.rejects(table.getMany(['a', key]), coded('invalid-argument'))
        await assert.rejects(table.put(key, 'text', undefined), coded('invalid-argument'))
        await assert.rejects(table.remove(key, 1), coded('invalid-argument'))
      }
      for (const text of ['\ud800', 1 as never])
        await assert.rejects(table.put('a', text, document.revision), coded('invalid-argument'))
      for (const revision of [0, -1, 1.5, Number.NaN, '1' as never]) {
        await assert.rejects(table.put('a', 'text', revision), coded('invalid-argument'))
        await assert.rejects(table.remove('a', revision), coded('invalid-argument'))
      }
      await assert.rejects(listed(table, '\ud800'), coded('invalid-argument'))
      for (const options of [{ after: '\ud800' }, { atOnce: 0 }, { atOnce: 1.5 }])
        await assert.rejects(Array.fromAsync(table.list('', options)), coded('invalid-argument'))
      assert.deepEqual(await listed(table), [document])
    },
  },
  {
    name: 'closing waits for what is being put, and then a table does nothing more',
    async run({ open }) {
      const store = await open()
      const table = await store.table('t')
      let wakes = 0
      await table.watch(() => wakes++)
      const { revision } = await create(table, 'a', '1')
      const putting = table.put('a', '2', revision)
      await store.close()
      assert.notEqual(await putting, undefined)
      wakes = 0
      await assertClosed(store, table)
      await using again = await open()
      const reopened = await again.table('t')
      assert.equal((await reopened.get('a'))?.text, '2')
      await create(reopened, 'b', '1')
      assert.equal(wakes, 0)
    },
  },
]

async function assertClosed(store: EventStore, table: DocumentTable): Promise<void> {
  await assert.rejects(store.table('t'), coded('closed'))
  await assert.rejects(table.get('a'), coded('closed'))
  await assert.rejects(table.getMany(['a']), coded('closed'))
  await assert.rejects(listed(table), coded('closed'))
  await assert.rejects(table.put('a', '3', undefined), coded('closed'))
  await assert.rejects(table.remove('a', 1), coded('closed'))
  await assert.rejects(table.clear(), coded('closed'))
  await assert.rejects(
    table.watch(() => undefined),
    coded('closed'),
  )
}

async function create(table: DocumentTable, key: string, text: string): Promise<Document> {
  const revision = await table.put(key, text, undefined)
  assert.ok(revision !== undefined, `there is a ${key} already`)
  return { key, text, revision }
}

/** Counts up in one document, which begins at 0 where it is absent and is taken away at 5. */
async function count(table: DocumentTable, times: number): Promise<void> {
  for (let counted = 0; counted < times;) {
    const document = await table.get('n')
    const next = Number(document?.text ?? 0) + 1
    const isDone =
      document && next === 5
        ? await table.remove('n', document.revision)
        : (await table.put('n', `${next}`, document?.revision)) !== undefined
    if (isDone) counted++
  }
}

async function listed(table: DocumentTable, prefix = ''): Promise<Document[]> {
  return (await Array.fromAsync(table.list(prefix))).toSorted(byKey)
}

function byKey(a: Document, b: Document): number {
  return a.key < b.key ? -1 : 1
}

function bySpelling(a: string, b: string): number {
  return encodeKey(a) < encodeKey(b) ? -1 : 1
}

function textOf({ text }: Document): string {
  return text
}

function coded(code: ErrorCode): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof AetherError, String(error))
    assert.equal(error.code, code)
    return true
  }
}
