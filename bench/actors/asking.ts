import { collectGarbage } from '../collect-garbage.ts'
import { type Contender, contender, inFlight, speed } from '../comparison.ts'
import type { Rival } from '../rivals/rival.ts'

/** Actors, or what is used in their place. */
export type Askable = Pick<Rival, 'command'> & AsyncDisposable

const actorCount = 1_000
const width = 64

/**
 * Asks 1,000 actors in turn, 64 asks in flight, so that no actor has two at once. Each run has
 * actors of its own, which were asked once before.
 */
export function asking(open: () => Promise<Askable>, count: number): Contender {
  return contender(async () => {
    await using actors = await open()
    const ask = (index: number): Promise<unknown> => actors.command(`a${index % actorCount}`)
    await inFlight(actorCount, width, ask)
    collectGarbage()
    return await speed(() => inFlight(count, width, ask))
  })
}
