import type { FinalLog } from './final-log.ts'
import type { Finding } from './finding.ts'
import type { Given } from './history.ts'

/** Whether a subscription from the beginning gave the whole log, each event once and in order. */
export function checkSubscription(
  subscription: string,
  given: readonly Given[],
  log: FinalLog,
): Finding[] {
  const length = Math.max(given.length, log.events.length)
  for (let index = 0; index < length; index++) {
    const [got, want] = [given[index], log.events[index]]
    if (got?.id === want?.id && got?.position === want?.position) continue
    const message = `${subscription} gave ${show(got)} as number ${index + 1}, where the log has ${show(want)} (${given.length} of ${log.events.length} given)`
    return [{ kind: 'wrong-subscription', message }]
  }
  return []
}

function show(event: { readonly id: string; readonly position: number } | undefined): string {
  return event ? `${event.id} at ${event.position}` : 'nothing'
}
