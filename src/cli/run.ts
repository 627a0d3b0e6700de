import { isAetherError, messageOf } from '../core/index.ts'
import { dev } from './dev.ts'
import { UsageError } from './usage-error.ts'

const help = `aether: event-sourced actors on SQLite and NATS JetStream

  aether dev <module> [--backend BACKEND] [--port 4040]
      runs the actors that a module exports as a node, with an HTTP gateway on 127.0.0.1

BACKEND is one of
  sqlite:FILE                       one file (default: sqlite:aether.db)
  memory                            forgets everything at the end
  nats://[USER:PASSWORD@]HOST:PORT[,HOST:PORT][/NAMESPACE][?replicas=3]
`

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = { dev }

/** Runs one command line. Resolves with the exit code: 0 done, 1 failed, 2 not understood. */
export async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || args.includes('--help') || args.includes('-h')) {
    console.log(help)
    return name === undefined ? 2 : 0
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!command) throw new UsageError(`there is no command ${JSON.stringify(name)}`)
    await command(rest)
    return 0
  } catch (error) {
    return report(error)
  }
}

function report(error: unknown): number {
  const isUsage = error instanceof UsageError
  console.error(`aether: ${oneLine(messageOf(error))}${isUsage ? '; see aether --help' : ''}`)
  // What Aether didn't expect needs its stack to be understood.
  if (!isUsage && !isAetherError(error)) console.error(error)
  return isUsage ? 2 : 1
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
