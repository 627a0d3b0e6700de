import { type CommandRejectedError, isAetherError } from '../../core/index.ts'
import type { ActorDefinition, CommandsOf, RejectionsOf } from './definition.ts'
import type { Rejection } from './reject.ts'

/** The error of a command that its actor refused: one for each code that it gives to `reject`, told apart by `rejection`. */
export type RejectedError<
  D extends ActorDefinition,
  K extends keyof CommandsOf<D> & string = keyof CommandsOf<D> & string,
> = ErrorOf<RejectionsOf<D>[K & keyof RejectionsOf<D>]>

type ErrorOf<R> =
  R extends Rejection<infer Code, infer Details>
    ? CommandRejectedError & { readonly rejection: Code; readonly details: Details }
    : never

/**
 * Whether an actor of this definition refused, this command or any: then the compiler knows the codes that it gives to
 * `reject`, and their details.
 *
 * `if (isRejected(error, Account, 'withdraw') && error.rejection === 'insufficient-funds') show(error.details.balance)`
 *
 * False for the refusal of a decision over several actors, unless it is that of a command that was asked in it.
 */
export function isRejected<
  D extends ActorDefinition,
  K extends keyof CommandsOf<D> & string = keyof CommandsOf<D> & string,
>(error: unknown, definition: D, command?: K): error is RejectedError<D, K> {
  if (!isAetherError(error) || error.code !== 'command-rejected') return false
  const { actorId, command: refused } = error as CommandRejectedError
  // A type has no dash in it.
  if (!actorId?.startsWith(`${definition.type}-`)) return false
  return command === undefined || refused === command
}
