import { name } from './check-log.ts'
import type { FinalLog } from './final-log.ts'
import type { Finding } from './finding.ts'
import type { Outcome, Place, WriteCall, WritePart } from './history.ts'
import type { Knowledge } from './knowledge.ts'
import type { Operation } from './operations.ts'

type Write = Operation<WriteCall>

/** Whether what the writers were told is true. */
export function checkWrites(
  writes: readonly Write[],
  log: FinalLog,
  knowledge: Knowledge,
): Finding[] {
  const byId = Map.groupBy(writes, idOf)
  return writes.flatMap((write) => {
    switch (write.outcome.is) {
      case 'stored':
        return checkStored(write, write.outcome, log, knowledge)
      case 'conflict':
        return [
          ...checkConflict(write, write.outcome, log, knowledge),
          ...checkAbsent(write, byId.get(idOf(write)) ?? [], log),
        ]
      case 'unavailable':
        return checkAbsent(write, byId.get(idOf(write)) ?? [], log)
      case 'failed':
        return [{ kind: 'unexpected-error', message: `${write.call}: ${write.outcome.error}` }]
      default:
        return []
    }
  })
}

/** Tries of the same write have the same event ids. */
function idOf({ parts }: Write): string {
  return parts[0]?.ids[0] ?? ''
}

function checkStored(
  { call, at, parts }: Write,
  outcome: Outcome & { is: 'stored' },
  log: FinalLog,
  knowledge: Knowledge,
): Finding[] {
  const findings = parts.flatMap((part, index) =>
    checkPart(call, part, outcome.parts[index] ?? [], log),
  )
  const positions = outcome.parts.flat().map(([, position]) => position)
  const isRepeat = parts.some((part) => part.ids.some((id) => knowledge.begun(id) < at))
  const known = knowledge.positionBefore(at)
  if (!isRepeat && Math.min(...positions) <= known) {
    const message = `${call} was stored at ${positions.join(' ')}, and ${known} was taken before`
    findings.push({ kind: 'disordered', message })
  }
  return findings
}

function checkPart(
  call: string,
  { actorId, expected, ids }: WritePart,
  places: readonly Place[],
  log: FinalLog,
): Finding[] {
  const findings = ids.flatMap((id, index): Finding[] => {
    const event = log.withId(id)[0]
    if (!event) return [{ kind: 'lost', message: `${call}: ${id} of ${actorId} was acknowledged` }]
    const [version, position] = places[index] ?? []
    const isThere =
      event.actorId === actorId && event.version === version && event.position === position
    if (isThere) return []
    const message = `${call} was told version ${version} at ${position}: ${name(event)}`
    return [{ kind: 'misplaced', message }]
  })
  const first = places[0]?.[0]
  if (expected !== 'any' && first !== expected + 1) {
    const message = `${call} expected ${actorId} at ${expected}, and was stored as version ${first}`
    findings.push({ kind: 'expectation-ignored', message })
  }
  return findings
}

/**
 * It is false where the actor was for certain at the expected version from before the call began
 * until after it was answered.
 */
function checkConflict(
  { call, at, end }: Write,
  { actorId, expected, current }: Outcome & { is: 'conflict' },
  log: FinalLog,
  knowledge: Knowledge,
): Finding[] {
  const findings: Finding[] = []
  const canHave = (version: number): boolean => {
    const event = log.at(actorId, version)
    return version === 0 || (event !== undefined && knowledge.begun(event.id) < end)
  }
  const told = `${call} was told that ${actorId} is at ${current}, not at ${expected}`
  const stayed =
    expected !== 'any' && knowledge.versionSince(expected, actorId) < at && !canHave(expected + 1)
  if (stayed || expected === current)
    findings.push({ kind: 'false-conflict', message: `${told}, where it was all the time` })
  if (!canHave(current))
    findings.push({ kind: 'wrong-current-version', message: `${told}: it was not there yet` })
  const known = knowledge.versionBefore(at, actorId)
  if (current < known)
    findings.push({ kind: 'wrong-current-version', message: `${told}: it was at ${known} before` })
  return findings
}

/**
 * Nothing was stored, unless another try of the same write was. A try whose outcome is unknown may
 * have come later than one that was not sent; but once it is a conflict, no try can come.
 */
function checkAbsent(write: Write, tries: readonly Write[], log: FinalLog): Finding[] {
  const isExcused = tries.some(
    ({ outcome }) =>
      outcome.is === 'stored' || (outcome.is === 'unknown' && write.outcome.is === 'unavailable'),
  )
  if (isExcused) return []
  const stored = write.parts.flatMap((part) => part.ids).flatMap((id) => log.withId(id))
  if (stored.length === 0) return []
  const message = `${write.call} was answered ${write.outcome.is}: ${stored.map(name).join(', ')}`
  return [{ kind: 'stored-after-all', message }]
}
