import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ActorDefinition, isActorDefinition } from '../actors/index.ts'
import { AetherError, messageOf } from '../core/index.ts'

/**
 * Loads a module and finds the actors that it exports.
 * @throws AetherError `invalid-module`
 */
export async function loadActors(module: string): Promise<ActorDefinition[]> {
  const file = resolve(module)
  if (!existsSync(file))
    throw invalid(`there is no module ${module}: give the path of a .ts or .js file`)
  const exported = await importModule(module, file)
  // The same actor may be exported under two names.
  const actors = [...new Set(Object.values(exported).filter(isActorDefinition))]
  if (actors.length === 0) {
    throw invalid(
      `${module} exports no actor: export one, as in export const Account = actor('account', {…})`,
    )
  }
  for (const [index, { type }] of actors.entries()) {
    if (actors.findIndex((other) => other.type === type) === index) continue
    throw invalid(`${module} exports two actors of the type ${type}: rename one of them`)
  }
  return actors
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
