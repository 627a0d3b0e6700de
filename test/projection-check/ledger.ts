import { actor } from 'aether'
import * as z from 'zod'

const cents = z.int()

/** What is written all the time. */
export const Ledger = actor('ledger', {
  state: {},
  events: { Booked: z.object({ cents }) },
  evolve: { Booked: (s) => s },
  commands: {
    book: {
      input: z.object({ cents: z.array(cents).min(1) }),
      decide: (_s, c, on) => c.cents.map((each) => on.Booked({ cents: each })),
    },
  },
})

const noted = z.object({ ledger: z.string(), version: z.int() })

/** Which life of which process handles events here. */
let self = ''

/** Says what is written down as the member of what is done here. */
export function nameSelf(name: string): void {
  self = name
}

export function selfName(): string {
  return self
}

/** What the policy leads to: it notes down whatever it is told, again and again, and by whom. */
export const Copy = actor('copy', {
  state: {},
  events: { Noted: noted.extend({ member: z.string() }) },
  evolve: { Noted: (s) => s },
  commands: {
    note: { input: noted, decide: (_s, c, on) => on.Noted({ ...c, member: self }) },
  },
})
