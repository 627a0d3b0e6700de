import {
  ActorFailedError,
  AetherError,
  checkMetadata,
  InvalidInputError,
  noMetadata,
  type Schema,
  validate,
  type Validation,
} from '../core/index.ts'
import { type Command, type CommandOptions, identify } from './command.ts'
import type { ActorModel, CommandModel } from './model.ts'

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
  const command = commandOf(model, name)
  checkMetadata(metadata)
  const identity =
    commandId === undefined ? undefined : identify(commandId, name, command.input && input)
  const withInput = (valid: unknown): Command => ({
    name,
    model: command,
    input: valid,
    metadata,
    identity,
    prepared: undefined,
  })
  const valid = validInput(model.type, name, command.input, input)
  return valid instanceof Promise ? valid.then(withInput) : withInput(valid)
}

/**
 * What the schema makes of the input; without a schema, nothing.
 * @throws AetherError `invalid-input`; `actor-failed` where the schema throws
 */
export function validInput(
  type: string,
  name: string,
  schema: Schema | undefined,
  input: unknown,
): unknown {
  if (!schema) return undefined
  const conclude = (validation: Validation<unknown>): unknown => {
    if (validation.ok) return validation.value
    throw new InvalidInputError(`the input of ${type}.${name} is wrong`, validation.issues)
  }
  const failed = (cause: unknown): never => {
    throw new ActorFailedError(type, `the input schema of ${name}`, cause)
  }
  const validation = validateOr(failed, schema, input)
  return validation instanceof Promise
    ? validation.catch(failed).then(conclude)
    : conclude(validation)
}

/** A schema may throw, at once or later. */
function validateOr(
  failed: (cause: unknown) => never,
  schema: Schema,
  input: unknown,
): ReturnType<typeof validate> {
  try {
    return validate(schema, input)
  } catch (cause) {
    return failed(cause)
  }
}

function commandOf(model: ActorModel, name: string): CommandModel {
  const command = model.commands.get(name)
  if (command) return command
  const known = [...model.commands.keys()].join(', ')
  throw new AetherError(
    'unknown-command',
    `${model.type} has no command ${name}; there is ${known}`,
  )
}
