import type { FinalLog } from './final-log.ts'
import type { Finding, FindingKind } from './finding.ts'
import type { Instant, LoggedEvent, Outcome, ReadCall, ReadSubject, Seen } from './history.ts'
import type { Knowledge } from './knowledge.ts'
import type { Operation } from './operations.ts'

type Read = Operation<ReadCall>

/** When a server that answers reads was frozen, and until when it may not have noticed. */
export interface Freeze {
  readonly from: Instant
  readonly to: Instant
}

/** Whether each read shows what the log holds, and all that was known when it began. */
export function checkReads(
  reads: readonly Read[],
  log: FinalLog,
  knowledge: Knowledge,
  freezes: readonly Freeze[],
): Finding[] {
  return reads.flatMap((read) => {
    const { of, outcome, call } = read
    if (outcome.is === 'failed')
      return [{ kind: 'unexpected-error', message: `${call}: ${outcome.error}` }]
    if (outcome.is !== 'events' && outcome.is !== 'version') return []
    return [
      ...(outcome.is === 'events' ? checkTrue(read, outcome.events, log) : []),
      ...checkFresh(read, of, outcome, { log, knowledge, freezes }),
    ]
  })
}

/** What a read of this kind gives of the final log, if it gives so many events. */
function partOf(of: ReadSubject, events: readonly Seen[], log: FinalLog): readonly LoggedEvent[] {
  const count = events.length
  switch (of.what) {
    case 'events':
      return log.ofActor(of.actorId).slice(of.first - 1, of.first - 1 + count)
    case 'newest': {
      const end = events[0]?.[1] ?? 0
      return log
        .ofActor(of.actorId)
        .slice(Math.max(0, end - count), end)
        .toReversed()
    }
    case 'log': {
      const start = log.indexBehind(of.after)
      return log.events.slice(start, start + count)
    }
    default:
      return []
  }
}

function checkTrue({ call, of }: Read, events: readonly Seen[], log: FinalLog): Finding[] {
  const part = partOf(of, events, log)
  const wrong = events.findIndex(([id, version, position], index) => {
    const event = part[index]
    return event?.id !== id || event.version !== version || event.position !== position
  })
  if (wrong < 0) return []
  const message = `${call}, ${describe(of)}: shows ${events[wrong]?.join(' ')}, the log has ${part[wrong]?.id ?? 'nothing'}`
  return [{ kind: 'false-read', message }]
}

interface Truth {
  readonly log: FinalLog
  readonly knowledge: Knowledge
  readonly freezes: readonly Freeze[]
}

function checkFresh(
  { call, at, end, of }: Read,
  subject: ReadSubject,
  outcome: Outcome & { is: 'events' | 'version' },
  { log, knowledge, freezes }: Truth,
): Finding[] {
  const missing = missingIn(subject, outcome, at, log, knowledge)
  if (!missing) return []
  const isFrozen = freezes.some(({ from, to }) => at <= to && end >= from)
  const kind: FindingKind = isFrozen ? 'stale-read-after-freeze' : 'stale-read'
  const message = `${call}, ${describe(of)}, begun at ${at}, answered at ${end}: ${missing}`
  return [{ kind, message }]
}

/** What the read should have shown and did not. */
function missingIn(
  of: ReadSubject,
  outcome: Outcome & { is: 'events' | 'version' },
  at: Instant,
  log: FinalLog,
  knowledge: Knowledge,
): string | undefined {
  if (of.what === 'log') {
    const known = knowledge.positionBefore(at)
    if (outcome.is !== 'events' || outcome.events.length >= of.limit) return undefined
    const end = outcome.events.at(-1)?.[2] ?? of.after
    return known > end ? `ends at position ${end}, and ${known} was taken before` : undefined
  }
  const known = knowledge.versionBefore(at, of.actorId)
  const shown = shownBy(of, outcome)
  if (shown >= known) return undefined
  const event = log.at(of.actorId, known)
  return `ends at version ${shown}, and ${known} was there before (${event?.id})`
}

/** Up to which version the read shows the actor. */
function shownBy(of: ReadSubject, outcome: Outcome & { is: 'events' | 'version' }): number {
  if (outcome.is === 'version') return outcome.version
  if (of.what === 'newest') return outcome.events[0]?.[1] ?? 0
  const first = of.what === 'events' ? of.first : 1
  return outcome.events.at(-1)?.[1] ?? first - 1
}

function describe(of: ReadSubject): string {
  const { what, ...rest } = of
  return `${what} ${Object.values(rest).join(' ')}`
}
