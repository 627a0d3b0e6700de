import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { messageOf } from '../core/index.ts'
import { HelpWanted } from './command-help.ts'
import { nearest } from './nearest.ts'
import { UsageError } from './usage-error.ts'

type Parsed<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>

/**
 * The options and arguments of a command.
 * @throws UsageError
 * @throws HelpWanted for `--help`
 */
export function parseCommandLine<const O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: O,
): Parsed<O> {
  if (args.includes('--help')) throw new HelpWanted(options)
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (cause) {
    throw new UsageError(slipIn(args, options) ?? messageOf(cause), { cause })
  }
}

/** What was probably meant by an option that isn't known; undefined where all are. */
function slipIn(args: readonly string[], options: ParseArgsOptionsConfig): string | undefined {
  const names = Object.keys(options)
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const unknown = tokens.find((each) => each.kind === 'option' && !names.includes(each.name))
  if (unknown?.kind !== 'option') return undefined
  const meant = nearest(unknown.name, names)
  const known = names.map((name) => `--${name}`).join(', ')
  const hint = meant === undefined ? `, but ${known}` : `: is --${meant} meant?`
  return `there is no option ${unknown.rawName}${hint}`
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

/** @throws UsageError for what is no time. */
export function timeOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  if (!Number.isNaN(time.getTime())) return time
  throw new UsageError(
    `--${name} must be a time such as 2026-11-21T20:00:00Z, not ${JSON.stringify(text)}`,
  )
}

/** Without the members that are not given. */
export function given<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
