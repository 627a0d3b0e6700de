import { actor, open, reject } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'

const booking = z.object({ at: z.int().min(8).max(17) })
let breaks = false

const Slots = actor('slots', {
  state: { taken: [] as number[] },
  events: { Booked: booking, Freed: booking },
  evolve: {
    Booked: (s, e) => ({ taken: [...s.taken, e.at] }),
    Freed: (s, e) => ({ taken: s.taken.filter((at) => at !== e.at) }),
  },
  commands: {
    book: {
      input: booking,
      decide: (s, c, on) => {
        if (breaks) throw new Error('broken')
        return s.taken.includes(c.at) ? reject('overlaps', { at: c.at }) : on.Booked(c)
      },
      reply: () => {
        throw new Error('nobody is replied to')
      },
    },
    clear: { decide: (s, _c, on) => s.taken.map((at) => on.Freed({ at })) },
    bookLater: {
      input: booking.extend({ at: z.number().refine(async () => true) }),
      decide: (_s, c, on) => on.Booked(c),
    },
    bookPrepared: {
      input: booking,
      prepare: async (input: { at: number }) => input,
      decide: (_s, _c, on, { prepared }) => on.Booked(prepared),
    },
    sign: {
      decide: (_s, _c, on, { now, commandId, metadata, version, actorId }) => {
        seen = { now, commandId, metadata, version, actorId }
        return on.Booked({ at: 8 })
      },
    },
  },
})
let seen: unknown

const openClinic = (limits = {}) => open({ backend: memory(), actors: [Slots], limits })
type Clinic = Awaited<ReturnType<typeof openClinic>>

const coded = (code: string): unknown => expect.objectContaining({ code })

function move(clinic: Clinic, at: number, to: number, options = {}) {
  return clinic.transact(
    [clinic.get(Slots, 'mon'), clinic.get(Slots, 'tue')],
    ([mon, tue]) => [mon.on.Freed({ at }), ...tue.decide.book({ at: to })],
    options,
  )
}

const taken = async (clinic: Clinic, key: string): Promise<readonly number[]> =>
  (await clinic.state(clinic.get(Slots, key))).state.taken

describe('a command that a decision over several actors asks for', () => {
  test('gives its events, which are stored as the command would store them', async () => {
    await using clinic = await openClinic()
    const metadata = { userId: 'ann' }
    const [, tue] = await move(clinic, 9, 10, { commandId: 'm', metadata })
    expect(tue).toMatchObject({ actorId: 'slots-tue', version: 1, state: { taken: [10] } })
    expect(tue.events).toMatchObject([
      { type: 'Booked', data: { at: 10 }, metadata: { ...metadata, commandId: 'm' } },
    ])
    expect(tue.reply).toBeUndefined()
    expect(await move(clinic, 9, 10, { commandId: 'm', metadata })).toMatchObject([{}, tue])
  })

  test('refuses as the command does: nothing is stored for anybody', async () => {
    await using clinic = await openClinic()
    await clinic.get(Slots, 'tue').sign()
    const refused = move(clinic, 9, 8)
    await expect(refused).rejects.toMatchObject({
      code: 'command-rejected',
      message: 'slots-tue rejected book: overlaps',
      actorId: 'slots-tue',
      command: 'book',
      rejection: 'overlaps',
      details: { at: 8 },
    })
    expect(await taken(clinic, 'mon')).toEqual([])
  })

  test('may be refused without an end to all: what was decided goes on from before', async () => {
    await using clinic = await openClinic()
    await clinic.get(Slots, 'mon').sign()
    await clinic.transact([clinic.get(Slots, 'mon')], ([mon]) => {
      try {
        return mon.decide.book({ at: 8 })
      } catch {
        return mon.decide.book({ at: 9 })
      }
    })
    expect(await taken(clinic, 'mon')).toEqual([8, 9])
  })

  test('is decided behind those that the same actor decided before', async () => {
    await using clinic = await openClinic()
    const mon = clinic.get(Slots, 'mon')
    const twice = clinic.transact([mon], ([slots]) => [
      ...slots.decide.book({ at: 9 }),
      ...slots.decide.book({ at: 9 }),
    ])
    await expect(twice).rejects.toMatchObject({ rejection: 'overlaps' })
    const [done] = await clinic.transact([mon], ([slots]) => {
      const booked = slots.decide.book({ at: 9 })
      expect(slots).toMatchObject({ version: 1, state: { taken: [9] } })
      return [...booked, ...slots.decide.clear(), slots.on.Booked({ at: 10 })]
    })
    expect(done.events.map(({ type }) => type)).toEqual(['Booked', 'Freed', 'Booked'])
    expect(done).toMatchObject({ version: 3, state: { taken: [10] } })
  })

  test('must happen as it was decided: all of it, in order, before what else happens', async () => {
    await using clinic = await openClinic()
    const mon = clinic.get(Slots, 'mon')
    const wrong = [
      clinic.transact([mon], ([slots]) => void slots.decide.book({ at: 9 })),
      clinic.transact([mon], ([slots]) => {
        const [first, second] = [slots.decide.book({ at: 9 }), slots.decide.book({ at: 10 })]
        return [...second, ...first]
      }),
      clinic.transact([mon], ([slots]) => {
        const booked = slots.decide.book({ at: 9 })
        return [...booked, ...booked]
      }),
      clinic.transact([mon], ([slots]) => [
        slots.on.Booked({ at: 9 }),
        ...slots.decide.book({ at: 9 }),
      ]),
    ]
    for (const refused of wrong) {
      await expect(refused).rejects.toEqual(coded('invalid-event'))
      await expect(refused).rejects.toThrow(/what a command of slots-mon decided.*Booked/u)
    }
    // Whoever refuses has nothing to give back.
    const refused = clinic.transact([mon], ([slots]) => {
      slots.decide.book({ at: 9 })
      return reject('changed-my-mind')
    })
    await expect(refused).rejects.toMatchObject({ rejection: 'changed-my-mind' })
    expect(await taken(clinic, 'mon')).toEqual([])
  })

  test('takes what its schema takes', async () => {
    await using clinic = await openClinic()
    await expect(move(clinic, 9, 7)).rejects.toMatchObject({
      code: 'invalid-input',
      issues: [{ path: 'at' }],
    })
  })

  test('knows what a command knows', async () => {
    await using clinic = await openClinic()
    const metadata = { userId: 'ann' }
    let now: number | undefined
    const mon = clinic.get(Slots, 'mon')
    await clinic.transact(
      [mon],
      ([slots], context) => {
        now = context.now
        return slots.decide.sign()
      },
      { commandId: 's', metadata },
    )
    expect(seen).toEqual({ now, commandId: 's', metadata, version: 0, actorId: 'slots-mon' })
  })

  test('can not be waited for', async () => {
    await using clinic = await openClinic()
    const mon = clinic.get(Slots, 'mon')
    const later = clinic.transact([mon], ([slots]) => slots.decide.bookLater({ at: 9 }))
    await expect(later).rejects.toEqual(coded('invalid-definition'))
    await expect(later).rejects.toThrow(/bookLater of slots-mon: its input schema .* promise/u)
    const prepared = clinic.transact([mon], ([slots]) => {
      // The compiler doesn't know it there.
      const decide = slots.decide as unknown as { bookPrepared: typeof slots.decide.book }
      return decide.bookPrepared({ at: 9 })
    })
    await expect(prepared).rejects.toEqual(coded('invalid-definition'))
    await expect(prepared).rejects.toThrow(/bookPrepared of slots-mon: it has a preparation/u)
  })

  test('that throws is the fault of its actor', async () => {
    await using clinic = await openClinic({ failuresInARow: 1 })
    breaks = true
    const broken = move(clinic, 9, 10).finally(() => (breaks = false))
    await expect(broken).rejects.toMatchObject({
      message: 'slots-tue failed in decide of book: broken',
      actorId: 'slots-tue',
    })
    expect(clinic.quarantined).toMatchObject([{ actorId: 'slots-tue' }])
  })
})
