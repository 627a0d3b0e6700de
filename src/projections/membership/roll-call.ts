import type { Clock } from '../../core/index.ts'
import type { DocumentTable } from '../../store/index.ts'
import { assignmentKey, readAssignment } from './assignment.ts'
import { type LifeSign, readLifeSign, type Sightings } from './sightings.ts'

/** A member of a group, as somebody sees it who takes no part. */
export interface CalledMember {
  readonly group: string
  readonly identity: string
  /** It shows no sign of life: it was killed, or is frozen or cut off, and nobody has taken its place. */
  readonly isSilent: boolean
  /** Its last sign of life, by its own clock: milliseconds since 1970, UTC. */
  readonly heardAt: number
}

export interface RollCall {
  readonly table: DocumentTable
  readonly groups: readonly string[]
  readonly clock: Clock
  /**
   * Whether those who seem to be silent are listened to, for as long as their lease: clocks differ. A member
   * need not: it listens all the time, and buries who is dead.
   */
  readonly listens: boolean
  /** What whoever asks again and again saw before: then a lease between two calls is listening enough. */
  readonly sightings?: Sightings
}

/** A sign of life that is older than so many leases, or comes so much from the future, is doubted. */
const doubtedLeases = 2
/** No two clocks that anybody works with differ by more: there is nothing to listen for. */
const certainMs = 86_400_000
/** Longer leases are not waited for. */
const maxListeningMs = 10_000
/** How often it is looked for a sign of life. */
const pollMs = 200

/**
 * Who is named as a member of these groups, and whether they live: nobody else need be there to notice
 * that they don't. Who has left is not among them, nor who was buried.
 * @throws AetherError `store-unavailable`, `closed`
 */
export async function callRoll(call: RollCall): Promise<readonly CalledMember[]> {
  const { table, groups } = call
  // Whoever stands in the assignment has made its sign before, so that one without is gone.
  const assignment = readAssignment((await table.get(assignmentKey))?.text)
  const named = groups.flatMap((group) =>
    (assignment.groups.get(group)?.members ?? []).map((identity) => ({ group, identity })),
  )
  const keys = named.flatMap(({ identity }) => assignment.members.get(identity)?.key ?? [])
  const signs = await signsOf(table, keys, call)
  const silent = await silentAmong([...signs.values()], call)
  return named.flatMap(({ group, identity }) => {
    const sign = signs.get(identity)
    return sign ? [{ group, identity, isSilent: silent.has(sign), heardAt: sign.time }] : []
  })
}

interface Sign extends LifeSign {
  readonly key: string
  readonly revision: number
}

/** By identity. */
async function signsOf(
  table: DocumentTable,
  keys: readonly string[],
  { clock, sightings }: Pick<RollCall, 'clock' | 'sightings'>,
): Promise<ReadonlyMap<string, Sign>> {
  const documents = await table.getMany(keys)
  // Those who aren't asked for any more are forgotten.
  for (const key of new Set([...keys, ...(sightings?.keys ?? [])]))
    sightings?.see(key, documents.get(key), clock.monotonic())
  const signs = Array.from(documents.values(), (document) => ({
    ...readLifeSign(document),
    key: document.key,
    revision: document.revision,
  }))
  return new Map(signs.map((sign) => [sign.identity, sign]))
}

async function silentAmong(signs: readonly Sign[], call: RollCall): Promise<ReadonlySet<Sign>> {
  const now = call.clock.now()
  const old = signs.filter(({ time }) => now - time > certainMs)
  if (call.sightings) return new Set([...old, ...unchanged(signs, call.sightings, call.clock)])
  if (!call.listens) return new Set(old)
  const isDoubted = ({ time, leaseMs }: Sign): boolean =>
    Math.abs(now - time) > doubtedLeases * leaseMs
  const doubted = signs.filter((sign) => isDoubted(sign) && !old.includes(sign))
  return new Set([...old, ...(await unheard(doubted, call))])
}

/** Those who have shown no other sign of life since an earlier call, for a lease or longer. */
function unchanged(signs: readonly Sign[], sightings: Sightings, clock: Clock): readonly Sign[] {
  const dead = new Set(sightings.dead(clock.monotonic()).map(({ key }) => key))
  return signs.filter(({ key }) => dead.has(key))
}

/** Those who show no other sign of life for a lease. */
async function unheard(
  doubted: readonly Sign[],
  { table, clock }: RollCall,
): Promise<readonly Sign[]> {
  const leaseMs = Math.max(0, ...doubted.map((sign) => sign.leaseMs))
  const untilMs = clock.monotonic() + Math.min(maxListeningMs, leaseMs)
  let left = doubted
  while (left.length > 0 && clock.monotonic() < untilMs) {
    await clock.sleep(pollMs)
    const now = await signsOf(
      table,
      left.map(({ key }) => key),
      { clock },
    )
    left = left.filter(({ identity, revision }) => now.get(identity)?.revision === revision)
  }
  return left
}
