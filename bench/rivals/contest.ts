import { setTimeout as sleep } from 'node:timers/promises'
import { type Comparison, type Contender, contender, type Reading } from '../comparison.ts'
import { isTrial } from '../scale.ts'
import type { Rival } from './rival.ts'

/** Whom we are compared with, and with which of our backends. */
export interface Contest<Place> {
  openRival(place: Place): Promise<Rival>
  openStore(place: Place): Promise<Rival>
  openActors(place: Place): Promise<Rival>
}

/** How long a run goes on: whoever is slow does less in it. */
const runMs = isTrial ? 30 : 300
/** What isn't answered so long after the end of the run has failed. */
const patienceMs = 60_000
const loadedEvents = 1_000
/** The commands of a stream; then the next one begins, so that all load as much. */
const commandsOfStream = 50

type Work = (rival: Rival) => Promise<() => Promise<number>>

export function comparisonsOf<Place>(contest: Contest<Place>): Comparison<Place>[] {
  return [
    compared(contest, 'append, 1 in flight', 'appends/s', 1, appending),
    compared(contest, 'append, 50 in flight', 'appends/s', 50, appending),
    compared(
      contest,
      `loading a stream of ${loadedEvents.toLocaleString('en')}`,
      'events/s',
      1,
      loading,
    ),
    compared(contest, 'command by the store', 'commands/s', 1, commanding),
    compared(contest, 'command by an actor', 'commands/s', 1, commanding, contest.openActors),
  ]
}

function compared<Place>(
  { openRival, openStore }: Contest<Place>,
  what: string,
  unit: string,
  width: number,
  work: Work,
  openOurs = openStore,
): Comparison<Place> {
  return {
    name: what,
    unit,
    target: { atLeast: 1 },
    start: async (place) => ({
      ours: await contenderFor(await openOurs(place), width, work),
      reference: await contenderFor(await openRival(place), width, work),
    }),
  }
}

async function contenderFor(rival: Rival, width: number, work: Work): Promise<Contender> {
  const step = await work(rival)
  return contender(
    () => runFor(runMs, width, step),
    () => Promise.resolve(rival[Symbol.asyncDispose]()),
  )
}

const appending: Work = async (rival) => {
  let streams = 0
  return async () => {
    await rival.append(`cart-a${streams++}`)
    return 1
  }
}

const loading: Work = async (rival) => {
  const full = 'cart-full'
  await rival.fill(full, loadedEvents)
  return async () => {
    const events = await rival.load(full)
    if (events === loadedEvents) return events
    throw new Error(`read ${events} events of ${loadedEvents}`)
  }
}

const commanding: Work = async (rival) => {
  let commands = 0
  return async () => {
    await rival.command(`cart-c${Math.floor(commands++ / commandsOfStream)}`)
    return 1
  }
}

/** Counts what succeeds in a second, and what fails. */
async function runFor(
  durationMs: number,
  width: number,
  step: () => Promise<number>,
): Promise<Reading> {
  const start = performance.now()
  let [units, tries, count] = [0, 0, 0]
  let message = ''
  const worker = async (): Promise<void> => {
    while (performance.now() - start < durationMs) {
      tries++
      try {
        // Not `units += await step()`: that forgets what the other workers add meanwhile.
        const done = await step()
        units += done
      } catch (error) {
        count++
        message ||= describe(error)
      }
    }
  }
  const workers = Promise.all(Array.from({ length: width }, worker))
  const isDone = await Promise.race([
    workers.then(() => true),
    giveUpAfter(durationMs + patienceMs),
  ])
  const value = units / ((performance.now() - start) / 1_000)
  if (!isDone)
    return {
      value,
      failures: {
        count: count + width,
        tries,
        message: `no answer within ${patienceMs / 1_000} s`,
      },
    }
  return { value, failures: { count, tries, message } }
}

async function giveUpAfter(delayMs: number): Promise<false> {
  return sleep(delayMs, false, { ref: false })
}

/** The error that is behind all the others. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? describe(error.cause) : error.message
}
