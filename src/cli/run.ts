import { isAetherError, messageOf } from '../core/index.ts'
import { HelpWanted, helpOn } from './command-help.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { help } from './help.ts'
import { nearest } from './nearest.ts'
import { UsageError } from './usage-error.ts'
import { version } from './version.ts'

/** Runs one command; resolves with how it ended. */
type Command = (args: readonly string[]) => Promise<ExitCode>

interface CommandTable {
  readonly [name: string]: CommandTable | (() => Promise<Command>)
}

/** By their words; each is loaded only when it is called. */
const commands: CommandTable = {
  dev: async () => (await import('./dev.ts')).dev,
  check: async () => (await import('./check.ts')).check,
  actor: {
    ls: async () => (await import('./actor/ls.ts')).ls,
    show: async () => (await import('./actor/show.ts')).show,
    state: async () => (await import('./actor/show.ts')).show,
    history: async () => (await import('./actor/history.ts')).history,
    diff: async () => (await import('./actor/diff.ts')).diff,
    send: async () => (await import('./actor/send.ts')).send,
    resume: async () => (await import('./actor/resume.ts')).resume,
    reminders: async () => (await import('./actor/reminders.ts')).reminders,
    unschedule: async () => (await import('./actor/unschedule.ts')).unschedule,
  },
  events: {
    append: async () => (await import('./events/append.ts')).append,
    read: async () => (await import('./events/read.ts')).read,
    tail: async () => (await import('./events/tail.ts')).tail,
    stats: async () => (await import('./events/stats.ts')).stats,
    export: async () => (await import('./events/export.ts')).exportLog,
    import: async () => (await import('./events/import.ts')).importLog,
    verify: async () => (await import('./events/verify.ts')).verify,
  },
  projection: {
    ls: async () => (await import('./projection/ls.ts')).ls,
    show: async () => (await import('./projection/show.ts')).show,
    lag: async () => (await import('./projection/lag.ts')).lag,
    rebuild: async () => (await import('./projection/rebuild.ts')).rebuild,
    pause: async () => (await import('./projection/pause.ts')).pause,
    resume: async () => (await import('./projection/pause.ts')).resume,
    parked: async () => (await import('./projection/parked.ts')).parked,
    retry: async () => (await import('./projection/retry.ts')).retry,
    skip: async () => (await import('./projection/skip.ts')).skip,
  },
  store: {
    info: async () => (await import('./store/info.ts')).info,
    init: async () => (await import('./store/init.ts')).init,
    backup: async () => (await import('./store/backup.ts')).backup,
    trim: async () => (await import('./store/trim.ts')).trim,
  },
}

/** Runs one command line. Resolves with the exit code: see {@link exitCode}. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const [name] = args
  const isHelp = name === 'help' || args.includes('--help') || args.includes('-h')
  endWithReader()
  try {
    if (name === '--version') return await tellVersion()
    if (name !== undefined && !isHelp) return await runCommand(args, commands, [])
    await tellHelp(args.filter((arg) => arg !== 'help' && !arg.startsWith('-')))
    return isHelp ? exitCode.done : exitCode.usage
  } catch (error) {
    return report(error)
  }
}

async function tellVersion(): Promise<ExitCode> {
  console.log(await version())
  return exitCode.done
}

/** What there is to know of the command, or the commands, that these words begin with. */
async function tellHelp(words: readonly string[]): Promise<void> {
  let entry: CommandTable | (() => Promise<Command>) = commands
  const path: string[] = []
  for (const word of words) {
    if (typeof entry === 'function') break
    entry = entryOf(entry, word, path)
    path.push(word)
  }
  if (path.length === 0) console.log(help)
  else if (typeof entry === 'function') await tellOptions(path, await entry())
  else console.log(helpOn(path))
}

async function tellOptions(path: readonly string[], command: Command): Promise<void> {
  try {
    await command(['--help'])
  } catch (wanted) {
    if (!(wanted instanceof HelpWanted)) throw wanted
    console.log(helpOn(path, wanted.options))
  }
}

async function runCommand(
  [word, ...rest]: readonly string[],
  table: CommandTable,
  path: readonly string[],
): Promise<ExitCode> {
  if (word === undefined)
    throw new UsageError(`aether ${path.join(' ')} needs one of ${Object.keys(table).join(', ')}`)
  const entry = entryOf(table, word, path)
  return typeof entry === 'function'
    ? (await entry())(rest)
    : runCommand(rest, entry, [...path, word])
}

/** @throws UsageError where there is none of this name */
function entryOf(
  table: CommandTable,
  word: string,
  path: readonly string[],
): CommandTable | (() => Promise<Command>) {
  const entry = Object.hasOwn(table, word) ? table[word] : undefined
  if (entry) return entry
  const names = Object.keys(table)
  const meant = nearest(word, names)
  const hint = meant === undefined ? `, but ${names.join(', ')}` : `: is ${meant} meant?`
  const said = JSON.stringify([...path, word].join(' '))
  throw new UsageError(`there is no command ${said}${hint}`)
}

/** Whoever reads our output may have enough of it: `aether events read | head`; or no room, as a disk that is full. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode.done)
    console.error(`aether: not all could be written: ${messageOf(error)}`)
    process.exit(exitCode.failed)
  })
}

function report(error: unknown): ExitCode {
  const isUsage = error instanceof UsageError
  console.error(`aether: ${oneLine(messageOf(error))}${isUsage ? '; see aether --help' : ''}`)
  // What Aether didn't expect needs its stack to be understood.
  if (!isUsage && !isAetherError(error)) console.error(error)
  return isUsage ? exitCode.usage : exitCode.failed
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
