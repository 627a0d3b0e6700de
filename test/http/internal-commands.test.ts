import { actor, type ActorDefinition, open } from 'aether'
import { createFetchHandler } from 'aether/http'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { until } from '../support/until.ts'

const at = z.object({ at: z.number() })
const Visit = actor('visit', {
  state: { missed: 0 },
  events: { Booked: at, Missed: at },
  evolve: { Booked: (s) => s, Missed: (s) => ({ missed: s.missed + 1 }) },
  commands: {
    book: { input: at, decide: (_s, c, on) => on.Booked(c) },
    noteMissed: { internal: true, input: at, decide: (_s, c, on) => on.Missed(c) },
  },
})

const openClinic = async () => open({ backend: memory(), actors: [Visit] })

describe('an internal command', () => {
  test('is not there over HTTP, and nobody is told of it', async () => {
    await using clinic = await openClinic()
    const handle = createFetchHandler(clinic)
    const post = async (command: string, body: string) => {
      const url = `http://clinic.example/actors/visit/a/${command}`
      const reply = await handle(new Request(url, { method: 'POST', body }))
      return { status: reply.status, text: await reply.text() }
    }
    const hidden = await post('noteMissed', '{"at":1}')
    const absent = await post('noteAbsent', '{"at":1}')
    expect(hidden).toEqual({
      status: 404,
      text: absent.text.replaceAll('noteAbsent', 'noteMissed'),
    })
    expect(JSON.parse(absent.text)).toMatchObject({
      code: 'unknown-command',
      detail: 'visit has no command noteAbsent; there is book',
    })
    // What is wrong with the input would tell of it.
    expect(await post('noteMissed', '{"at":"one"}')).toEqual(hidden)
    expect(await Array.fromAsync(clinic.events.readAll())).toEqual([])
    expect(await post('book', '{"at":1}')).toMatchObject({ status: 200 })
  })

  test('is there for the code of the node, by reference, by name, by message and in a transaction', async () => {
    await using clinic = await openClinic()
    const visit = clinic.get(Visit, 'a')
    await visit.noteMissed({ at: 1 })
    await clinic.send('visit-a', 'noteMissed', { at: 2 })
    await clinic.transact([visit], ([it]) => it.decide.noteMissed({ at: 3 }))
    await clinic.tell(visit, 'noteMissed', { at: 4 })
    await until(async () => (await clinic.state(clinic.get(Visit, 'a'))).state.missed === 4, {
      description: 'the message has been delivered',
    })
  })

  test('says so by true or false', () => {
    const wrong = { internal: 'yes', decide: () => undefined }
    const define = (): ActorDefinition =>
      actor('wrong', {
        state: 0,
        events: {},
        evolve: {},
        // @ts-expect-error it is true or false
        commands: { wrong },
      })
    expect(define).toThrow('actor wrong: commands.wrong.internal must be true or false')
  })
})
