import { expect, test } from 'vitest'
import { runProjections, type Seen, takeOvers } from './projection-run.ts'

/** Long enough for a machine that has much else to do. */
const timeout = 400_000

/** So that the short run has not much to catch up with. `projection-check` runs longer. */
const short = { seconds: 3, members: 3, ledgers: 60, eventsPerSecond: 40 }

/** A kill came at the right moment. */
function hasDoubles({ entries }: Seen): boolean {
  return new Set(entries.map(({ ledger, version }) => `${ledger} ${version}`)).size < entries.length
}

test.each(['sqlite', 'nats-r1'] as const)(
  'each event counts once on %s, whoever is killed and frozen',
  async (backend) => {
    const { findings, figures } = await runProjections({
      ...{ ...short, backend, seed: 3, kills: 2, freezes: 1, only: ['members'] },
      isSeen: ({ entries, effects }) => takeOvers(entries) > 0 && takeOvers(effects) > 0,
    })
    expect(findings).toEqual([])
    // Else nothing was shown.
    expect(figures.events).toBeGreaterThan(0)
    expect(figures.kills).toBeGreaterThanOrEqual(2)
    expect(figures.takeOversOfTables).toBeGreaterThan(0)
    expect(figures.takeOversOfPolicy).toBeGreaterThan(0)
  },
  timeout,
)

test(
  'a target that stores how far it is apart from its effects is found out',
  async () => {
    const { findings } = await runProjections({
      ...{
        ...short,
        backend: 'sqlite',
        seed: 3,
        kills: 3,
        sabotage: 'progress-apart',
        only: ['members'],
      },
      isSeen: hasDoubles,
    })
    expect(findings.join('\n')).toMatch(/the table of entries has l\d+ \d+ twice/)
  },
  timeout,
)

test.each(['sqlite', 'nats-r1'] as const)(
  'what is read while readers are built anew on %s is never half of something',
  async (backend) => {
    const { findings, figures } = await runProjections({
      ...{ ...short, backend, seed: 5, switches: 2, only: ['servers', 'readers'] },
    })
    expect(findings).toEqual([])
    expect(figures.switches).toBeGreaterThanOrEqual(2)
    expect(figures.readings).toBeGreaterThan(0)
  },
  timeout,
)

test(
  'a target that shows what is half made is found out',
  async () => {
    const { findings } = await runProjections({
      ...{ ...short, backend: 'sqlite', seed: 5, switches: 3, only: ['readers'] },
      sabotage: 'shows-too-early',
    })
    expect(findings.join('\n')).toMatch(/the table of balances showed l\d+ as .* had taken effect/)
  },
  timeout,
)
