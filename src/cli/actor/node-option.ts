import { type Node, open } from '../../node/index.ts'
import type { Backend } from '../../store/index.ts'
import { existingBackend, parseBackend } from '../backend-argument.ts'
import { loadActors } from '../load-module.ts'
import { storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'

/** The options of every command that needs to know what its actors are. */
export const nodeOptions = { ...storeOptions, module: { type: 'string', short: 'm' } } as const

interface NodeValues {
  readonly backend: string
  readonly module?: string | undefined
}

/** A node of the module's actors over a store that is there. */
export async function openNode({ backend, module }: NodeValues): Promise<Node> {
  return openBystander(await existingBackend(backend), module)
}

/** A node of the module's actors, over a store that is made where it is missing. */
export async function openOrMakeNode({ backend, module }: NodeValues): Promise<Node> {
  return openBystander(await parseBackend(backend), module)
}

/** A node of no actors over a store that is there: for what needs to know nothing of them. */
export async function openNodeOfNone(backend: string): Promise<Node> {
  return open({ backend: await existingBackend(backend), actors: [], limits: { deliveries: 0 } })
}

/** Messages and reminders are left to those who run the actors: somebody only looks, or asks one thing. */
async function openBystander(backend: Backend, module: string | undefined): Promise<Node> {
  return open({ backend, actors: await loadActors(named(module)), limits: { deliveries: 0 } })
}

function named(module: string | undefined): string {
  if (module !== undefined) return module
  throw new UsageError('it needs --module FILE, which exports the actors')
}
