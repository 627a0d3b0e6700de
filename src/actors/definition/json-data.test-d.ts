// Compiled, never run: each expected error is an error that a developer must get.
import { actor, event } from 'aether'
import * as v from 'valibot'
import * as z from 'zod'

type Tree = { readonly name: string; readonly below: readonly Tree[] }
interface Leaf {
  name: string
  color?: string
}

export const kept = actor('kept', {
  state: 0,
  events: {
    Any: z.any(),
    Unknown: z.unknown(),
    Json: z.json(),
    Tree: z.custom<Tree>(),
    Leaf: z.custom<Leaf>(),
    Text: z.record(z.string(), z.tuple([z.string(), z.number().nullable()])),
    // What is stored is a text; `evolve` gets a date.
    Transformed: z.object({ at: z.iso.datetime().transform((text) => new Date(text)) }),
    Dated: z.object({ at: z.date() }),
    Mapped: v.object({ deep: v.array(v.object({ m: v.map(v.string(), v.string()) })) }),
    Counted: z.object({ by: z.bigint().optional() }),
    Changed: event(z.object({ at: z.date() }), { formerly: ['Set'] }),
  },
  evolve: {
    Any: (s) => s,
    Unknown: (s) => s,
    Json: (s) => s,
    Tree: (s) => s,
    Leaf: (s) => s,
    Text: (s) => s,
    Transformed: (s, e) => s + e.at.getTime(),
    Dated: (s) => s,
    Mapped: (s) => s,
    Counted: (s) => s,
    Changed: (s) => s,
  },
  commands: {
    keep: {
      decide: (_s, _c, on) => [
        on.Any(5),
        on.Unknown({}),
        on.Json([null]),
        on.Tree({ name: '', below: [{ name: '', below: [] }] }),
        on.Leaf({ name: '' }),
        on.Text({ a: ['', null] }),
        on.Transformed({ at: '2026-11-22T00:00:00Z' }),
        // @ts-expect-error a date is stored as no JSON
        on.Dated({ at: new Date(0) }),
        // @ts-expect-error a map is stored as no JSON
        on.Mapped({ deep: [{ m: new Map() }] }),
        // @ts-expect-error a bigint is stored as no JSON
        on.Counted({ by: 5n }),
        // @ts-expect-error what changed is no JSON, either
        on.Changed({ at: new Date(0) }),
      ],
    },
  },
})
