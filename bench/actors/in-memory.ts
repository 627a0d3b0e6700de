import { memory } from 'aether/memory'
import { type Group, group, nothingShared } from '../group.ts'
import { openActors } from '../rivals/ours.ts'
import { scaled } from '../scale.ts'
import { type Askable, asking, askingOld, type Fillable } from './asking.ts'

interface Contest {
  readonly rival: string
  openRival(): Promise<Askable>
  /** Where its actors can be given a past. */
  openFillable?(): Promise<Fillable>
  readonly atLeast: number
  /** How many commands a run is. */
  readonly count: number
  /** Theirs where it would take too long otherwise, and no command depends on how many there were. */
  readonly rivalCount?: number
  /** The same with another number of commands, to be seen beside it. */
  readonly also?: { readonly name: string; readonly count: number }
  readonly remarks: readonly string[]
}

const ours =
  'Ours checks input and event by their schemas and stores a frozen copy of an event of 260 bytes with each command; then it answers.'
/** How many events an actor has that lived for a while, and how many commands its run is. */
const eventsOfOld = 500
const [oldCount, rivalOldCount] = [20_000, 4_000] as const

const handler = `A handler loads the stream for each command, ours keep their state: so it counts how many events an actor has. In a run of half a second of ours each gets 200; a young one gets 20; one of ${eventsOfOld} has lived for a while.`
const young = { name: 'ask, 1,000 young actors, 64 in flight', count: 20_000 }

/** Each rival has a process of its own, as some change it. */
export const inMemoryActorGroups: readonly Group[] = [
  contest({
    rival: 'Nact',
    openRival: async () => (await import('./nact.ts')).nactActors(),
    atLeast: 1,
    count: 40_000,
    also: { name: 'ask, 1,000 actors, 64 in flight, in a run of 200,000 commands', count: 200_000 },
    remarks: [
      'In a longer run, what ours stored has to be gone through by the garbage collector again and again.',
      'Nact has no persistence here and checks nothing. Its ask starts a timer, makes a temporary reference, and waits for one `setImmediate` a message.',
    ],
  }),
  contest({
    rival: "Effect's cluster runner",
    openRival: async () => (await import('./effect.ts')).effectEntities(),
    atLeast: 5,
    count: 20_000,
    rivalCount: 3_000,
    remarks: [
      'Entities on its `TestRunner`, in the process, without persisted messages; each ask is a `runPromise`.',
    ],
  }),
  contest({
    rival: "emmett's command handler",
    openRival: async () => (await import('../rivals/emmett.ts')).emmettMemory(),
    openFillable: async () => (await import('../rivals/emmett.ts')).emmettMemory(),
    atLeast: 5,
    count: 200_000,
    also: young,
    remarks: [handler],
  }),
  contest({
    rival: "act's command handler",
    openRival: async () => (await import('../rivals/act.ts')).actMemory(),
    openFillable: async () => (await import('../rivals/act.ts')).actMemory(),
    atLeast: 5,
    count: 20_000,
    rivalCount: 3_000,
    remarks: [
      'act keeps states in a cache. Its memory store sleeps 100 ms in each call by default; here 0, which still is a timer.',
    ],
  }),
  contest({
    rival: "castore's command handler",
    openRival: async () => (await import('../rivals/castore.ts')).castoreMemory(),
    openFillable: async () => (await import('../rivals/castore.ts')).castoreMemory(),
    atLeast: 5,
    count: 200_000,
    also: young,
    remarks: [handler],
  }),
]

function contest({
  rival,
  openRival,
  openFillable,
  atLeast,
  count,
  rivalCount = count,
  also,
  remarks,
}: Contest): Group {
  const target = { atLeast }
  return group({
    name: `Actors: ours in memory against ${rival}`,
    remarks: [ours, ...remarks],
    open: nothingShared,
    comparisons: [
      {
        name: 'ask, 1,000 actors, 64 in flight',
        unit: 'commands/s',
        target,
        start: async () => ({
          ours: asking(openOurs, scaled(count)),
          reference: asking(openRival, scaled(rivalCount)),
        }),
      },
      ...(also
        ? [
            {
              name: also.name,
              unit: 'commands/s',
              start: async () => ({
                ours: asking(openOurs, scaled(also.count)),
                reference: asking(openRival, scaled(also.count)),
              }),
            },
          ]
        : []),
      ...(openFillable
        ? [
            {
              name: `ask, 1,000 actors of ${eventsOfOld} events each, 64 in flight`,
              unit: 'commands/s',
              target,
              start: async () => ({
                ours: askingOld(openOurs, scaled(oldCount), scaled(eventsOfOld)),
                reference: askingOld(openFillable, scaled(rivalOldCount), scaled(eventsOfOld)),
              }),
            },
          ]
        : []),
    ],
  })
}

function openOurs(): Promise<Fillable> {
  return openActors(memory(), async () => undefined)
}
