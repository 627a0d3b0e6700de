import { serve } from '../http/index.ts'
import { open } from '../node/index.ts'
import { parseBackend } from './backend-argument.ts'
import { parseCommandLine } from './command-line.ts'
import { DevEnding } from './dev-ending.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { loadNodeModule } from './load-module.ts'
import { UsageError } from './usage-error.ts'

/**
 * How long closing may take, in milliseconds: less than the 10 s after which those who end processes
 * usually lose their patience.
 */
const closeMs = 8_000
/** How much of that is for the requests under way. */
const answerMs = 3_000

/** `aether dev <module>`: runs until it is interrupted, and closes in good order. */
export async function dev(args: readonly string[]): Promise<ExitCode> {
  const { module, backend: backendName, port } = parseDevArguments(args)
  const backend = await parseBackend(backendName)
  const { actors, projections, policies } = await loadNodeModule(module)
  // From here on there is something to close.
  using ending = new DevEnding(closeMs)
  await using node = await open({ backend, actors, projections, policies })
  if (ending.signal.aborted) return exitCode.done
  await using server = await serve(node, { port, onError: printError, closeTimeoutMs: answerMs })
  console.log(`${node.actorTypes.join(', ')} on ${backend.name}`)
  for (const { model } of [...projections, ...policies]) console.log(`${model.kind} ${model.name}`)
  console.log(`listening on ${server.url}`)
  await ending.asked()
  return exitCode.done
}

/** With stack and cause: whoever writes the actors must see where they broke. */
function printError(error: unknown): void {
  console.error(error)
}

interface DevArguments {
  readonly module: string
  readonly backend: string
  readonly port: number
}

function parseDevArguments(args: readonly string[]): DevArguments {
  const { values, positionals } = parseCommandLine(args, {
    backend: { type: 'string', default: 'sqlite:aether.db' },
    port: { type: 'string', default: '4040' },
  })
  const [module, ...rest] = positionals
  if (module === undefined || rest.length > 0) throw new UsageError('aether dev needs one module')
  return { module, backend: values.backend, port: parsePort(values.port) }
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new UsageError(`--port must be a number from 0 to 65535, not ${JSON.stringify(text)}`)
}
