import {
  ActorFailedError,
  AetherError,
  checkedMetadata,
  InvalidInputError,
  noMetadata,
  type Schema,
  type Validation,
} from '../../core/index.ts'
import type { ActorModel, CommandModel } from '../definition/model.ts'
import { type Command, type CommandOptions, identify } from './command.ts'
import { validateOwn } from './own-input.ts'

/**
 * A command that is known and has valid input. A promise only where the schema of the input gives one.
 * @throws AetherError `unknown-command`, `invalid-input`, `invalid-argument`, `actor-failed`
 */
export function makeCommand(
  model: ActorModel,
  name: string,
  input: unknown,
  { metadata = noMetadata, commandId }: CommandOptions,
): Command | Promise<Command> {
  const called = commandOf(model, name)
  const own = checkedMetadata(metadata)
  const identity =
    commandId === undefined ? undefined : identify(commandId, name, called.input && input)
  const { type } = model
  const given = validInput(type, name, called.input, input)
  const command = {
    name,
    type,
    model: called,
    input: given,
    metadata: own,
    identity,
    prepared: undefined,
  }
  return given instanceof Promise ? withInput(command, given) : command
}

async function withInput(command: Command, later: Promise<unknown>): Promise<Command> {
  return { ...command, input: await later }
}

/**
 * What the schema makes of the input; without a schema, nothing, and nothing is to be given.
 * @throws AetherError `invalid-input`; `actor-failed` where the schema throws
 */
export function validInput(
  type: string,
  name: string,
  schema: Schema | undefined,
  input: unknown,
): unknown {
  if (!schema) return input === undefined ? undefined : assertEmpty(type, name, input)
  let validation: ReturnType<typeof validateOwn>
  // A schema may throw, at once or later.
  try {
    validation = validateOwn(schema, input)
  } catch (cause) {
    throw schemaFailed(type, name, cause)
  }
  if (!(validation instanceof Promise)) return valueOf(type, name, validation)
  return validation.then(
    (later) => valueOf(type, name, later),
    (cause: unknown) => {
      throw schemaFailed(type, name, cause)
    },
  )
}

/**
 * Options in the place of the input would be left out without a word, a command id among them. Gateways have an
 * empty object for nothing.
 */
function assertEmpty(type: string, name: string, input: unknown): undefined {
  const names = namesIn(input)
  if (names.length === 0) return undefined
  const what = `${type}.${name} takes no input, and options come behind it: ${name}(undefined, { … })`
  const issues = names.map((path) => ({ path, message: 'is not asked for' }))
  throw new InvalidInputError(what, issues)
}

/** What it has, one name of none where it is no object of members; but not more than can be read. */
function namesIn(input: unknown): readonly string[] {
  if (input === null) return []
  const isPlain = typeof input === 'object' && Object.getPrototypeOf(input) === Object.prototype
  return isPlain ? Object.keys(input).slice(0, maxNamesTold) : ['']
}

function valueOf(type: string, name: string, validation: Validation<unknown>): unknown {
  if (validation.ok) return validation.value
  throw new InvalidInputError(`the input of ${type}.${name} is wrong`, validation.issues)
}

function schemaFailed(type: string, name: string, cause: unknown): ActorFailedError {
  return new ActorFailedError(type, `the input schema of ${name}`, cause)
}

const maxNamesTold = 10

/** @throws AetherError `unknown-command` where gateways don't know it: the same, whether it is internal or isn't there */
export function assertPublic(model: ActorModel, name: string): void {
  if (model.commands.get(name)?.internal !== false) throw unknownCommand(model, name)
}

function commandOf(model: ActorModel, name: string): CommandModel {
  const command = model.commands.get(name)
  if (command) return command
  throw unknownCommand(model, name)
}

/** It goes to callers everywhere, so it names none that is internal. */
function unknownCommand({ type, commands }: ActorModel, name: string): AetherError {
  const known = [...commands].filter(([, { internal }]) => !internal).map(([each]) => each)
  return new AetherError(
    'unknown-command',
    `${type} has no command ${name}; there is ${known.join(', ') || 'none'}`,
  )
}
