import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ActorDefinition, isActorDefinition } from '../actors/index.ts'
import { AetherError, messageOf } from '../core/index.ts'
import {
  isReaderDefinition,
  type PolicyDefinition,
  type ProjectionDefinition,
  type ViewDefinition,
} from '../projections/index.ts'

/** What a module defines. */
interface Definitions {
  readonly actors: readonly ActorDefinition[]
  readonly projections: readonly (ViewDefinition | ProjectionDefinition)[]
  readonly policies: readonly PolicyDefinition[]
}

/**
 * Loads a module and finds the actors that it exports, and the views, projections and policies.
 * @throws AetherError `invalid-module`
 */
async function loadModule(module: string): Promise<Definitions> {
  const file = resolve(module)
  if (!existsSync(file))
    throw invalid(`there is no module ${module}: give the path of a .ts or .js file`)
  // The same one may be exported under two names, and in a list.
  const exported = [...new Set(Object.values(await importModule(module, file)).flat())]
  const actors = exported.filter(isActorDefinition)
  const readers = exported.filter(isReaderDefinition)
  checkTwice(
    module,
    'actors of the type',
    actors.map(({ type }) => type),
  )
  checkTwice(
    module,
    'readers of the log called',
    readers.map(({ name }) => name),
  )
  return {
    actors,
    projections: readers.filter((reader) => reader.kind !== 'aether-policy'),
    policies: readers.filter((reader) => reader.kind === 'aether-policy'),
  }
}

/**
 * {@link loadModule}, of one that exports actors.
 * @throws AetherError `invalid-module`
 */
export async function loadNodeModule(module: string): Promise<Definitions> {
  const definitions = await loadModule(module)
  if (definitions.actors.length > 0) return definitions
  throw invalid(
    `${module} exports no actor: export one, as in export const Account = actor('account', {…})`,
  )
}

/** The actors that a module exports. @throws AetherError `invalid-module` */
export async function loadActors(module: string): Promise<readonly ActorDefinition[]> {
  return (await loadNodeModule(module)).actors
}

/**
 * The views, projections and policies that a module exports.
 * @throws AetherError `invalid-module` where there is none
 */
export async function loadReaders(
  module: string,
): Promise<readonly (ViewDefinition | ProjectionDefinition | PolicyDefinition)[]> {
  const { projections, policies } = await loadModule(module)
  if (projections.length + policies.length > 0) return [...projections, ...policies]
  throw invalid(
    `${module} exports no view, projection or policy: export one, as in export const Balances = view({…})`,
  )
}

function checkTwice(module: string, what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined)
    throw invalid(`${module} exports two ${what} ${twice}: rename one of them`)
}

async function importModule(module: string, file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'an error'
    throw invalid(
      `${module} can't be loaded, it throws ${name}: ${messageOf(cause)}${placeOf(cause, file)}`,
      cause,
    )
  }
}

/** The line of the module where it went wrong, if the stack tells. */
function placeOf(cause: unknown, file: string): string {
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  const line = stack.split('\n').find((text) => text.includes(pathToFileURL(file).href))
  const place = line?.match(/:(\d+):\d+\)?$/)?.[1]
  return place ? ` (line ${place})` : ''
}

function invalid(message: string, cause?: unknown): AetherError {
  return new AetherError('invalid-module', message, { cause })
}
