import { collectGarbage } from '../collect-garbage.ts'
import { type Contender, contender, inFlight, type Reading, speed } from '../comparison.ts'
import type { Rival } from '../rivals/rival.ts'

/** Actors, or what is used in their place. */
export type Askable = Pick<Rival, 'command'> & AsyncDisposable

const actorCount = 1_000
const width = 64

/** Of which actors can be given a past. */
export type Fillable = Askable & Pick<Rival, 'fill'>

/**
 * Asks 1,000 actors in turn, 64 asks in flight, so that no actor has two at once. Each run has
 * actors of its own, which were asked once before.
 */
export function asking(open: () => Promise<Askable>, count: number): Contender {
  return besideOthers(open, async (actors) => asked(actors, count))
}

/** The same, of actors that have so many events behind them. */
export function askingOld(
  open: () => Promise<Fillable>,
  count: number,
  eventsBefore: number,
): Contender {
  return besideOthers(open, async (actors) => {
    await inFlight(actorCount, width, (index) => actors.fill(`a${index}`, eventsBefore))
    return asked(actors, count)
  })
}

/**
 * Others, one of which was asked, stay open between the runs, as they do in a process that serves: once no
 * object of a class is left, V8 throws away what it optimized for it.
 */
function besideOthers<Actors extends Askable>(
  open: () => Promise<Actors>,
  run: (actors: Actors) => Promise<Reading>,
): Contender {
  let others: Actors | undefined
  return contender(
    async () => {
      others ??= await opened(open)
      await using actors = await open()
      return await run(actors)
    },
    async () => others?.[Symbol.asyncDispose](),
  )
}

async function opened<Actors extends Askable>(open: () => Promise<Actors>): Promise<Actors> {
  const actors = await open()
  await actors.command('a0')
  return actors
}

async function asked(actors: Askable, count: number): Promise<Reading> {
  const ask = (index: number): Promise<unknown> => actors.command(`a${index % actorCount}`)
  await inFlight(actorCount, width, ask)
  collectGarbage()
  return speed(() => inFlight(count, width, ask))
}
