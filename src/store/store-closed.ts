import { AetherError } from '../core/index.ts'

/** What every call gets once an event store was closed. */
export function storeClosed(): AetherError {
  return new AetherError('closed', 'the event store was closed')
}
