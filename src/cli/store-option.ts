import type { EventStore } from '../store/index.ts'
import { existingBackend, parseBackend } from './backend-argument.ts'

/** The options of every command that works on a store. */
export const storeOptions = {
  backend: { type: 'string', default: 'sqlite:aether.db' },
  json: { type: 'boolean' },
} as const

/** Opens a store that is there: looking at one must not make it. */
export async function openExisting(backend: string): Promise<EventStore> {
  return (await existingBackend(backend)).openStore()
}

/** Opens a store, and makes it where it is missing. */
export async function openOrMake(backend: string): Promise<EventStore> {
  return (await parseBackend(backend)).openStore()
}
