import type { Finding } from '../actors/index.ts'

/** A finding on one line, for people. */
export function describeFinding(finding: Finding): string {
  return `${finding.kind}  ${detailsOf(finding).replaceAll(/\s*\n\s*/g, ' ')}`
}

function detailsOf(finding: Finding): string {
  switch (finding.kind) {
    case 'unreadable-event':
    case 'failing-fold': {
      const { actorId = 'an unknown actor', position, version, type, why } = finding
      const event = version === undefined ? '' : `, version ${version}, ${type}`
      return `${actorId}${event}, at position ${position}: ${why}`
    }
    case 'wrong-snapshot':
      return `${finding.actorId}, kept at version ${finding.version}: ${finding.why}`
    case 'trimmed-history':
      return `${finding.actorId}: its events up to version ${finding.trimmedVersion} were removed, and no kept state that this definition can go on from covers them, so it would answer history-trimmed: keep the shape that it has`
    case 'changed-state': {
      const { actorId, version, before, after } = finding
      return `${actorId}, version ${version}: ${JSON.stringify(before)} became ${JSON.stringify(after)}`
    }
    case 'unknown-event': {
      const { actorType, type, events, firstPosition } = finding
      return `${actorType} has no event ${type}, stored ${times(events)}, first at position ${firstPosition}`
    }
    case 'unknown-actor-type': {
      const { actorType, events, firstPosition } = finding
      return `no definition is of ${actorType}, with events stored ${times(events)}, first at position ${firstPosition}`
    }
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
