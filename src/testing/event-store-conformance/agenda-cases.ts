import assert from 'node:assert/strict'
import { systemClock } from '../../core/index.ts'
import type { AgendaEntry, NextEntry, TakeEntry } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import {
  agendaOf,
  alice,
  byName,
  changeInTime,
  hand,
  isClosed,
  listed,
  message,
  nameOf,
  options,
  put,
  reminder,
  slowTaker,
  textOf,
  waitingFor,
} from './agenda-entries.ts'
import { eventually, type EventStoreSubject } from './subject.ts'

/** Longer than any backend is late. */
const quietMs = 700

export const agendaCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'an entry that was put is listed as it was, also after opening again, until it is removed',
    async run({ open }) {
      const store = await open()
      const later = reminder({ name: 'Zoë 👩‍💻 *.> ', text: '{"half":"\\ud800"}' })
      const other = reminder({ actorId: 'account-=5A.b c', name: 'x' })
      assert.deepEqual(await listed(store), [])
      assert.equal(await agendaOf(store).remove(later), false)
      for (const entry of [later, other]) assert.equal(await put(store, entry), true)
      assert.deepEqual(await listed(store), [later, other].toSorted(byName))
      assert.deepEqual(await listed(store, alice), [later])
      assert.deepEqual(await listed(store, 'account-bob'), [])
      await store.close()
      await using again = await open()
      assert.deepEqual(await listed(again), [later, other].toSorted(byName))
      assert.equal(await agendaOf(again).remove(later), true)
      assert.equal(await agendaOf(again).remove(later), false)
      assert.deepEqual(await listed(again), [other])
    },
  },
  {
    name: 'an entry gives way to another of its key only if that agrees to it',
    async run({ open }) {
      await using store = await open()
      const seen: unknown[] = []
      const refuse = (current: unknown): boolean => seen.push(current) === 0
      const first = reminder({ text: '1' })
      assert.equal(await agendaOf(store).put(first, refuse), false)
      assert.deepEqual(await listed(store), [])
      await put(store, first)
      assert.equal(await agendaOf(store).put(reminder({ text: '2' }), refuse), false)
      assert.deepEqual(await listed(store), [first])
      assert.deepEqual(seen, [undefined, first])
      const third = reminder({ text: '3', due: first.due + 5 })
      assert.equal(await put(store, third), true)
      assert.deepEqual(await listed(store), [third])
    },
  },
  {
    name: 'entries differ by actor, kind and name',
    async run({ open }) {
      await using store = await open()
      const entries = [
        reminder({ name: 'a' }),
        reminder({ name: 'A' }),
        reminder({ name: 'a.b' }),
        reminder({ name: 'a', actorId: 'account-Alice' }),
        reminder({ name: 'a', actorId: 'accounts-alice' }),
      ].map((entry, n) => ({ ...entry, text: String(n) }))
      for (const entry of entries) await put(store, entry)
      assert.deepEqual((await listed(store)).map(textOf).toSorted(), ['0', '1', '2', '3', '4'])
    },
  },
  {
    name: 'messages are handed out at once, and a settled one never again',
    async run({ open }) {
      await using store = await open()
      const taken: AgendaEntry[] = []
      await using _ = hand(store, async (entry) => void taken.push(entry))
      const entries = Array.from({ length: 50 }, (_, n) => message(`m${n}`))
      await Promise.all(entries.map((entry) => put(store, entry)))
      await eventually(async () => {
        assert.deepEqual(taken.toSorted(byName), entries.toSorted(byName))
        assert.deepEqual(await listed(store), [])
      })
      await systemClock.sleep(quietMs)
      assert.equal(taken.length, entries.length)
    },
  },
  {
    name: 'a reminder is handed out when it is due, never before',
    async run({ open }) {
      await using store = await open()
      const early: number[] = []
      const taken: string[] = []
      await using _ = hand(store, async ({ name, due }) => {
        taken.push(name)
        if (systemClock.now() < due) early.push(due - systemClock.now())
      })
      await put(store, reminder({ name: 'far' }))
      await put(store, reminder({ name: 'now', due: systemClock.now() }))
      await put(store, reminder({ name: 'past', due: 5 }))
      await eventually(() => assert.deepEqual(taken.toSorted(), ['now', 'past']))
      await put(store, reminder({ name: 'soon', due: systemClock.now() + 600 }))
      await eventually(() => assert.deepEqual(taken.slice(2), ['soon']))
      assert.deepEqual(early, [])
      await eventually(async () => assert.deepEqual((await listed(store)).map(nameOf), ['far']))
    },
  },
  {
    name: 'what was due before anybody asked is handed out to who asks',
    async run({ open }) {
      const first = await open()
      await put(first, message('m'))
      await put(first, reminder({ name: 'r', due: systemClock.now() }))
      await first.close()
      await using store = await open()
      const taken: string[] = []
      await using _ = hand(store, async ({ name }) => void taken.push(name))
      await eventually(() => assert.deepEqual(taken.toSorted(), ['m', 'r']))
    },
  },
  {
    name: 'an entry that goes on is handed out again later, with its new text',
    async run({ open }) {
      await using store = await open()
      const taken: string[] = []
      const early: string[] = []
      await using _ = hand(store, async ({ kind, due, text }): Promise<NextEntry | undefined> => {
        taken.push(`${kind} ${text}`)
        if (systemClock.now() < due) early.push(text)
        if (text === '3') return undefined
        return { due: systemClock.now() + 300, text: String(Number(text) + 1) }
      })
      await put(store, { ...message('m'), text: '1' })
      await put(store, reminder({ due: systemClock.now(), text: '1' }))
      await eventually(async () => {
        assert.deepEqual(taken.toSorted(), [
          ...['message 1', 'message 2', 'message 3'],
          ...['reminder 1', 'reminder 2', 'reminder 3'],
        ])
        assert.deepEqual(await listed(store), [])
      })
      assert.deepEqual(early, [])
    },
  },
  {
    name: 'of many takers in two stores, each entry has one',
    async run({ open }) {
      await using first = await open()
      await using second = await open()
      const taken: string[] = []
      const take: TakeEntry = async ({ name }) => {
        taken.push(name)
        await systemClock.sleep(5)
        return undefined
      }
      const names = Array.from({ length: 100 }, (_, n) => `m${n}`).toSorted()
      for (const name of names.slice(0, 50)) await put(first, message(name))
      await using _ = hand(first, take)
      await using __ = hand(second, take)
      const due = systemClock.now()
      const putting = names.slice(50).map((name) => put(second, reminder({ name, due })))
      await Promise.all(putting)
      await eventually(async () => {
        assert.deepEqual(taken.toSorted(), names)
        assert.deepEqual(await listed(first), [])
      })
    },
  },
  {
    name: 'an entry whose taker fails is handed out again after its lease',
    async run({ open }) {
      await using store = await open()
      let times = 0
      const take: TakeEntry = async () => {
        times++
        if (times < 2) throw new Error('the taker fails')
        return undefined
      }
      await using _ = hand(store, take, { ...options, leaseMs: 1_000 })
      await put(store, message('m'))
      await eventually(async () => {
        assert.ok(times > 1) // more than twice where settling it took longer than the lease
        assert.deepEqual(await listed(store), [])
      })
    },
  },
  {
    name: 'settling what was replaced or removed meanwhile changes nothing',
    async run({ open }) {
      await using store = await open()
      const taken: string[] = []
      const changed = Promise.withResolvers<void>()
      await using _ = hand(store, async ({ name, text }) => {
        taken.push(text)
        await changed.promise
        return name === 'done' ? undefined : { due: systemClock.now(), text: 'zombie' }
      })
      const due = systemClock.now()
      for (const name of ['again', 'removed', 'done'])
        await put(store, reminder({ name, due, text: name }))
      await eventually(() => assert.deepEqual(taken.toSorted(), ['again', 'done', 'removed']))
      const later = due + 3_600_000
      for (const name of ['again', 'done'])
        await put(store, reminder({ name, due: later, text: `new ${name}` }))
      assert.equal(await agendaOf(store).remove(reminder({ name: 'removed' })), true)
      changed.resolve()
      await systemClock.sleep(quietMs)
      assert.equal(taken.length, 3)
      assert.deepEqual((await listed(store)).map(textOf), ['new again', 'new done'])
    },
  },
  {
    name: 'a reminder that was put off or removed is not handed out at its old time',
    async run({ open }) {
      await using store = await open()
      const taken: string[] = []
      const early: string[] = []
      await using _ = hand(store, async ({ due, text }) => {
        taken.push(text)
        if (systemClock.now() < due) early.push(text)
      })
      const attempt = await changeInTime(store)
      const expected = [`later, ${attempt}`, `sooner, ${attempt}`]
      await eventually(() => {
        const texts = taken.filter((text) => text.endsWith(`, ${attempt}`))
        assert.deepEqual(texts.toSorted(), expected)
      })
      assert.deepEqual(early, [])
    },
  },
  {
    name: 'entries of other actor types are left to others, and no more are given than asked for',
    async run({ open }) {
      await using store = await open()
      const { taken, release, take } = slowTaker()
      await using handing = hand(store, take, { ...options, concurrency: 2 })
      for (const name of ['m1', 'm2', 'm3', 'm4']) await put(store, message(name))
      await put(store, { ...message('other'), actorId: 'order-1' })
      await eventually(() => assert.equal(taken.length, 2))
      await systemClock.sleep(quietMs)
      assert.equal(taken.length, 2)
      release()
      await eventually(async () => assert.deepEqual((await listed(store)).map(nameOf), ['other']))
      await handing[Symbol.asyncDispose]()
      await using _ = hand(store, take, { ...options, types: ['order', 'invoice'] })
      await eventually(() => assert.deepEqual(taken.toSorted(), ['m1', 'm2', 'm3', 'm4', 'other']))
    },
  },
  {
    name: 'takers that take long keep nothing from the places of the others',
    async run({ open }) {
      await using store = await open()
      const { taken, release, take: takeLong } = slowTaker()
      const quick: string[] = []
      const take: TakeEntry = async (entry) =>
        entry.name.startsWith('long') ? takeLong(entry) : void quick.push(entry.name)
      const handing = hand(store, take, { ...options, concurrency: 4 })
      try {
        for (const name of ['long1', 'long2', 'long3']) await put(store, message(name))
        await eventually(() => assert.equal(taken.length, 3))
        const names = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']
        await Promise.all(names.map((name) => put(store, message(name))))
        await eventually(() => assert.deepEqual(quick.toSorted(), names))
      } finally {
        release()
        await handing[Symbol.asyncDispose]()
      }
      await eventually(async () => assert.deepEqual(await listed(store), []))
    },
  },
  {
    name: 'many entries are listed, those that are due first among so many as are wanted',
    async run({ open }) {
      await using store = await open()
      const start = systemClock.now() + 3_600_000
      const entries = Array.from({ length: 120 }, (_, n) => {
        const due = start + ((n * 7) % 120) * 1_000
        return reminder({ actorId: `account-${n % 5}`, name: `r${n}`, due })
      })
      await Promise.all(entries.map((entry) => put(store, entry)))
      assert.deepEqual(await listed(store), entries.toSorted(byName))
      const ofActor = entries.filter(({ actorId }) => actorId === 'account-3')
      assert.deepEqual(await listed(store, 'account-3'), ofActor.toSorted(byName))
      const first = entries.toSorted((a, b) => a.due - b.due).slice(0, 10)
      const some = await Array.fromAsync(agendaOf(store).list(undefined, 10))
      for (const { name } of first) assert.ok(some.some((entry) => entry.name === name))
    },
  },
  {
    name: 'who ends handing out waits for what is under way; the rest goes to others at once',
    async run({ open }) {
      await using store = await open()
      const { taken, release, take } = slowTaker()
      const handing = hand(store, take, { ...options, concurrency: 1 })
      const names = ['m1', 'm2', 'm3']
      for (const name of names) await put(store, message(name))
      await eventually(() => assert.equal(taken.length, 1))
      let hasEnded = false
      const ending = handing[Symbol.asyncDispose]().then(() => (hasEnded = true))
      await systemClock.sleep(50)
      assert.equal(hasEnded, false)
      release()
      await ending
      assert.equal(taken.length, 1)
      const rest = names.filter((name) => name !== taken[0])
      await eventually(async () => assert.deepEqual((await listed(store)).map(nameOf), rest))
      await using _ = hand(store, take)
      await eventually(() => assert.deepEqual(taken.toSorted(), names))
    },
  },
  {
    name: 'who hands out tells how many are due that nobody has taken, by type',
    async run({ open }) {
      await using store = await open()
      const { taken, take, release } = slowTaker()
      const asked = { types: ['account', 'order'], concurrency: 2, leaseMs: 30_000 }
      await using handingOut = agendaOf(store).handOut(asked, take)
      assert.deepEqual(await waitingFor(handingOut), [])
      await put(store, reminder({ name: 'later' }))
      const names = ['m1', 'm2', 'm3', 'm4', 'm5']
      for (const name of names) await put(store, message(name))
      await eventually(async () => {
        assert.equal(taken.length, 2)
        assert.deepEqual(await waitingFor(handingOut), [['account', 3]])
      })
      release()
      await eventually(async () => {
        assert.deepEqual(taken.toSorted(), names)
        assert.deepEqual(await waitingFor(handingOut), [])
      })
    },
  },
  {
    name: 'a store that is closed takes no more entries',
    async run({ open }) {
      const store = await open()
      await put(store, message('m'))
      await store.close()
      await assert.rejects(put(store, message('n')), isClosed)
      await assert.rejects(agendaOf(store).remove(message('m')), isClosed)
      await assert.rejects(listed(store), isClosed)
    },
  },
]
