import { parseArgs } from 'node:util'
import { Problem } from './problem.ts'

export const usage = `Stores the history of a git repository as events: one actor for every path.

node examples/git-history/main.ts [REPOSITORY] [options]

  REPOSITORY         a directory in it                      (default: .)
  --backend BACKEND  sqlite:FILE, memory, nats://HOST:PORT or nats://HOST:PORT/NAMESPACE
                                                            (default: sqlite:git-history.db)
  --ref REF          the commit whose history it is         (default: HEAD)
  --limit N          only the N oldest commits              (default: all)
  --verify           then compares all files with what git says; exit code 1 if anything differs
  --help             shows this

Running it again stores what is new, and nothing twice.`

export interface Arguments {
  readonly help: boolean
  readonly directory: string
  readonly backend: string
  readonly ref: string
  readonly limit: number | undefined
  readonly verify: boolean
}

/** @throws Problem for what can't be understood */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args)
  if (positionals.length > 1) throw wrong(`one REPOSITORY, not ${positionals.length}`)
  return {
    help: values.help,
    directory: positionals[0] ?? '.',
    backend: values.backend,
    ref: values.ref,
    limit: values.limit === undefined ? undefined : parseLimit(values.limit),
    verify: values.verify,
  }
}

const options = {
  backend: { type: 'string', default: 'sqlite:git-history.db' },
  ref: { type: 'string', default: 'HEAD' },
  limit: { type: 'string' },
  verify: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const

type Parsed = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>

function parse(args: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (cause) {
    throw wrong((cause as Error).message.split('.')[0] ?? 'wrong arguments', cause)
  }
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(limit) && limit > 0) return limit
  throw wrong(`--limit must be a whole number from 1, not ${JSON.stringify(text)}`)
}

function wrong(message: string, cause?: unknown): Problem {
  return new Problem(`${message} (--help shows what is possible)`, { cause, exitCode: 2 })
}
