import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { messageOf } from '../core/index.ts'
import { UsageError } from './usage-error.ts'

type Parsed<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>

/**
 * The options and arguments of a command.
 * @throws UsageError
 */
export function parseCommandLine<const O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: O,
): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (cause) {
    throw new UsageError(messageOf(cause), { cause })
  }
}

/**
 * The arguments by their order; one in brackets may be missing, and `…` at the end is for any number more.
 * @throws UsageError where there are too few, or too many
 */
export function named<const Names extends readonly string[]>(
  command: string,
  positionals: readonly string[],
  names: Names,
): { readonly [I in keyof Names]: string | undefined } {
  const isOpen = names.at(-1) === '…'
  const needed = names.filter((name) => !name.startsWith('[') && name !== '…')
  const most = isOpen ? Infinity : names.length
  if (positionals.length < needed.length || positionals.length > most)
    throw new UsageError(`aether ${command} needs ${names.join(' ') || 'no arguments'}`)
  const wanted = isOpen ? positionals : names.map((_, index) => positionals[index])
  return wanted as unknown as {
    readonly [I in keyof Names]: string | undefined
  }
}

/** @throws UsageError */
export function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new UsageError(`--${name} must be a whole number from 0, not ${JSON.stringify(text)}`)
}

/** Without the members that are not given. */
export function given<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
