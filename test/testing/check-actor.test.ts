import { actor, event, reject } from 'aether'
import { checkActor } from 'aether/testing'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { Account } from '../../examples/bank/bank.ts'

/** What is wrong, as it is told. */
function told(check: () => unknown): string {
  try {
    check()
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

const added = { Added: z.object({ by: z.int().min(1).max(5) }) }
test('an actor that is right passes, on as many sequences as are asked for', () => {
  expect(checkActor(Account, { runs: 30 })).toEqual({ runs: 30, untriedCommands: [] })
})

describe('what is wrong is found, and told by the smallest sequence', () => {
  test('evolve throws', () => {
    const Fragile = actor('fragile', {
      state: { total: 0 },
      events: added,
      evolve: {
        Added: (s, e) => {
          if (s.total >= 3) throw new Error('too much')
          return { total: s.total + e.by }
        },
      },
      commands: { add: { input: added.Added, decide: (_s, c, on) => on.Added(c) } },
    })
    const message = told(() => checkActor(Fragile, { seed: 7 }))
    expect(message).toMatch(
      /^fragile: fragile-checked failed in evolve\.Added: too much\n\nthe smallest sequence that shows it \(seed 7, run \d+\):\n {2}1\. \S+\{"by":[345]\}/,
    )
    expect(message).toBe(told(() => checkActor(Fragile, { seed: 7 })))
    expect(message.split('\n').filter((line) => /^ {2}\d\./.test(line)).length).toBeLessThan(4)
  })

  test('decide throws, or decides what its schema refuses', () => {
    const Throwing = actor('throwing', {
      state: 0,
      events: added,
      evolve: { Added: (s, e) => s + e.by },
      commands: {
        fail: {
          decide: (s) => {
            if (s > 0) throw new Error('decide is broken')
            return reject('no')
          },
        },
        add: { input: added.Added, decide: (_s, c, on) => on.Added(c) },
      },
    })
    const message = told(() => checkActor(Throwing))
    expect(message).toContain('failed in decide of fail: decide is broken')
    expect(message).toMatch(/1\. add\(\{"by":\d\}\)\n {2}2\. fail\(\)$/)
    const Wrong = actor('wrong', {
      state: 0,
      events: added,
      evolve: { Added: (s) => s },
      commands: { add: { decide: (_s, _c, on) => on.Added({ by: 6 }) } },
    })
    expect(told(() => checkActor(Wrong))).toContain('decided a wrong Added')
  })

  test('evolve gives another state the second time', () => {
    let calls = 0
    const Moody = actor('moody', {
      state: 0,
      events: added,
      evolve: { Added: () => ++calls },
      commands: {},
    })
    const message = told(() => checkActor(Moody))
    expect(message).toMatch(
      /replaying Added gives another state[^]* {2}1\. Added[^]*\n- \d+\n\+ \d+$/,
    )
    expect(message).not.toContain('2. Added')
  })

  test('a state loses in JSON what evolve needs', () => {
    const Lossy = actor('lossy', {
      state: { seen: undefined as number | undefined, isFirst: true },
      events: added,
      evolve: { Added: (s, e) => ({ seen: e.by, isFirst: 'seen' in s }) },
      commands: {},
    })
    expect(told(() => checkActor(Lossy))).toMatch(
      /version 0, kept as JSON, and the rest give another state than all[^]*- {3}"isFirst": true,\n\+ {3}"isFirst": false,/,
    )
  })

  test('an upcast gives what the schema does not take', () => {
    const changed = (upcast: (data: { euros: number }) => unknown) =>
      actor('purse', {
        state: { cents: 0 },
        events: {
          Filled: event(z.object({ cents: z.number() }), {
            formerly: ['Topped'],
            upcast: [upcast as (data: { euros: number }) => { cents: number }],
          }),
        },
        evolve: { Filled: (s, e) => ({ cents: s.cents + e.cents }) },
        commands: {},
      })
    const Right = changed(({ euros }) => ({ cents: euros * 100 }))
    const earlier = { Filled: [[{ euros: 1 }, { euros: 2 }]] }
    expect(checkActor(Right, { earlier }).runs).toBe(100)
    const Wrong = changed(({ euros }) => ({ cent: euros * 100 }))
    const message = told(() => checkActor(Wrong, { earlier }))
    expect(message).toContain('does not match its schema: cents:')
    expect(message).toMatch(/1\. (Topped|Filled) \(version 1\) \{"euros":[12]\}$/)
    expect(told(() => checkActor(Right))).toContain('has 1 upcasts: give a sample')
  })
})

describe('samples', () => {
  const Tagged = actor('tagged', {
    state: [] as readonly string[],
    events: { Tagged: v.object({ tag: v.string() }) },
    evolve: {
      Tagged: (s, e) => {
        if (e.tag === 'bad') throw new Error('bad')
        return [...s, e.tag]
      },
    },
    commands: {
      tag: { input: v.object({ tag: v.string() }), decide: (_s, c, on) => on.Tagged(c) },
      clear: { prepare: async () => 1, decide: () => undefined },
    },
  })

  test('are asked for where the validator can not say what fits', () => {
    expect(told(() => checkActor(Tagged))).toBe(
      "checkActor(tagged) needs samples, events: { Tagged: … }: valibot can't say what fits its schema",
    )
    const Odd = actor('odd', {
      state: 0,
      events: { Odd: z.object({ code: z.string().regex(/^[A-Z]{3}-\d{5}$/) }) },
      evolve: { Odd: (s) => s + 1 },
      commands: {},
    })
    expect(told(() => checkActor(Odd))).toContain('nothing that was drawn from its schema fits it')
  })

  test.each([
    ['one', { tag: 'bad' }],
    ['a list', [{ tag: 'good' }, { tag: 'bad' }]],
    ['a function', (random: () => number) => ({ tag: random() < 0.5 ? 'good' : 'bad' })],
  ])('may be %s', (_name, samples) => {
    const message = told(() => checkActor(Tagged, { events: { Tagged: samples } }))
    expect(message).toMatch(/evolve\.Tagged: bad[^]*1\. Tagged \{"tag":"bad"\}$/)
  })

  test('let commands be tried that would not be', () => {
    const events = { Tagged: { tag: 'good' } }
    expect(checkActor(Tagged, { events }).untriedCommands).toEqual(['tag', 'clear'])
    expect(
      checkActor(Tagged, { events, commands: { tag: events.Tagged } }).untriedCommands,
    ).toEqual(['clear'])
  })

  test('are drawn from all that a schema of zod says', () => {
    const Rich = actor('rich', {
      state: 0,
      events: {
        Happened: z.object({
          email: z.email(),
          at: z.iso.datetime(),
          id: z.uuid(),
          kind: z.enum(['a', 'b']),
          either: z.union([z.literal('x'), z.number().lt(-3), z.null()]),
          pair: z.tuple([z.string().min(200), z.boolean()]),
          counts: z.record(z.string(), z.int().multipleOf(5)),
          list: z.array(z.object({ deep: z.number().min(3_000_000) })).min(2),
          both: z.object({ a: z.string() }).and(z.object({ b: z.string().max(3) })),
          get next() {
            return z.object({ n: z.number() }).optional()
          },
        }),
      },
      evolve: { Happened: (s, e) => s + e.list.length },
      commands: {},
    })
    expect(checkActor(Rich, { runs: 20 }).runs).toBe(20)
  })
})
