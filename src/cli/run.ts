import { isAetherError, messageOf } from '../core/index.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { help } from './help.ts'
import { UsageError } from './usage-error.ts'

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
  if (name === undefined || name === 'help' || args.includes('--help') || args.includes('-h')) {
    console.log(help)
    return name === undefined ? exitCode.usage : exitCode.done
  }
  endWithReader()
  try {
    return await runCommand(args, commands, [])
  } catch (error) {
    return report(error)
  }
}

async function runCommand(
  [word, ...rest]: readonly string[],
  table: CommandTable,
  path: readonly string[],
): Promise<ExitCode> {
  const entry = word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined
  if (typeof entry === 'function') return (await entry())(rest)
  if (entry && word !== undefined) return runCommand(rest, entry, [...path, word])
  const before = path.map((part) => `${part} `).join('')
  const known = Object.keys(table).join(', ')
  throw new UsageError(
    word === undefined
      ? `aether ${before}needs one of ${known}`
      : `there is no command ${JSON.stringify(`${before}${word}`)}, but ${known}`,
  )
}

/** Whoever reads our output may have enough of it: `aether events read | head`. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(exitCode.done)
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
