import type { FinalLog } from './final-log.ts'
import type { Finding } from './finding.ts'
import type { LoggedEvent, WriteCall } from './history.ts'
import type { Knowledge } from './knowledge.ts'
import type { Operation } from './operations.ts'

/** What must hold of the log, whatever its writers were told. */
export function checkLog(
  log: FinalLog,
  writes: readonly Operation<WriteCall>[],
  knowledge: Knowledge,
): Finding[] {
  return [
    ...log.events.flatMap((event, index) =>
      checkEvent(event, log.events[index - 1], log, knowledge),
    ),
    ...log.actorIds.flatMap((actorId) => checkVersions(log.ofActor(actorId))),
    ...writes.flatMap((write) => checkWhole(write, log)),
  ]
}

function checkEvent(
  event: LoggedEvent,
  before: LoggedEvent | undefined,
  log: FinalLog,
  knowledge: Knowledge,
): Finding[] {
  const findings: Finding[] = []
  if (before && before.position >= event.position)
    findings.push({ kind: 'disordered', message: `${name(event)} stands behind ${name(before)}` })
  const [first, ...others] = log.withId(event.id)
  if (first === event && others.length > 0)
    findings.push({ kind: 'doubled', message: [first, ...others].map(name).join(' and ') })
  if (knowledge.begun(event.id) === Infinity)
    findings.push({ kind: 'foreign', message: `nobody wrote ${name(event)}` })
  return findings
}

function checkVersions(events: readonly LoggedEvent[]): Finding[] {
  return events.flatMap((event, index): Finding[] => {
    if (event.version === index + 1) return []
    const message = `${name(event)} is event ${index + 1} of its actor`
    return [{ kind: 'wrong-versions', message }]
  })
}

/** All of a commit or nothing, its events side by side. */
function checkWhole({ call, parts }: Operation<WriteCall>, log: FinalLog): Finding[] {
  const ids = parts.flatMap((part) => part.ids)
  const events = ids.flatMap((id) => log.withId(id).slice(0, 1))
  if (events.length === 0) return []
  const start = log.indexOf(events[0] as LoggedEvent)
  const isWhole =
    events.length === ids.length &&
    events.every((event, index) => log.indexOf(event) === start + index)
  if (isWhole) return []
  const message = `${call} wrote ${ids.join(' ')}; there are ${events.map(name).join(', ')}`
  return [{ kind: 'torn-commit', message }]
}

/** An event, for people. */
export function name({ id, actorId, version, position }: LoggedEvent): string {
  return `${id} (${actorId} version ${version}, position ${position})`
}
