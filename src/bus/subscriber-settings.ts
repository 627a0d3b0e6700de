import { AetherError } from '../core/index.ts'
import type { BusSubscribeOptions } from './event-bus.ts'
import type { SubscriberSettings } from './subscriber.ts'

const policies = ['drop-oldest', 'fail'] as const

/** @throws AetherError `invalid-argument` */
export function settingsOf({
  bufferSize = 1_000,
  whenFull = 'drop-oldest',
}: BusSubscribeOptions): SubscriberSettings {
  if (!Number.isSafeInteger(bufferSize) || bufferSize < 1)
    throw invalid(`bufferSize must be a whole number from 1, not ${String(bufferSize)}`)
  if (!policies.includes(whenFull))
    throw invalid(`whenFull must be ${policies.join(' or ')}, not ${String(whenFull)}`)
  return { bufferSize, whenFull }
}

function invalid(message: string): AetherError {
  return new AetherError('invalid-argument', message)
}
