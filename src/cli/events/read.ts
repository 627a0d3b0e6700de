import { type ActorId, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import { given, named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { filterOptions, rangeOf } from '../filter-options.ts'
import { eventLine, outputTo } from '../output.ts'
import { openExisting, storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'

const options = {
  ...storeOptions,
  ...filterOptions,
  from: { type: 'string' },
  to: { type: 'string' },
  backwards: { type: 'boolean', default: false },
  malformed: { type: 'boolean', default: false },
} as const

type Values = ReturnType<typeof parseCommandLine<typeof options>>['values']

/** `aether events read [ACTOR]`: the events of one actor, or of the log. */
export async function read(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, options)
  const [actor] = named('events read', positionals, ['[ACTOR]'])
  refuseForeign(values, actor)
  const output = outputTo(values.json)
  await using store = await openExisting(values.backend)
  for await (const entry of entriesOf(store, actor, values)) {
    if (entry instanceof MalformedEventError) await output.write(shown(entry), malformedLine)
    else await output.write(entry, eventLine)
  }
  return exitCode.done
}

/** Of an actor all events are given, and of the log there are no versions. */
function refuseForeign(values: Values, actor: string | undefined): void {
  const foreign =
    actor === undefined
      ? (['from', 'to', 'backwards'] as const)
      : (['after', 'type', 'actor-type', 'key'] as const)
  const given = foreign.find((name) => values[name] !== undefined && values[name] !== false)
  if (given === undefined) return
  throw new UsageError(
    actor === undefined
      ? `--${given} is for reading an ACTOR`
      : `--${given} is for reading all: name the actor by --actor-type and --key instead`,
  )
}

function entriesOf(
  store: EventStore,
  actor: string | undefined,
  values: Values,
): AsyncIterable<StoredEvent | MalformedEventError> {
  const range = rangeOf(values)
  const onMalformed = values.malformed ? 'collect' : 'stop'
  if (actor === undefined) return store.readAll({ ...range, onMalformed: onMalformed as 'collect' })
  return store.read(actor as ActorId, {
    ...given({
      fromVersion: wholeNumber('from', values.from),
      toVersion: wholeNumber('to', values.to),
      limit: range.limit,
    }),
    direction: values.backwards ? 'backwards' : 'forwards',
    onMalformed: onMalformed as 'collect',
  })
}

interface Malformed {
  readonly malformed: string
  readonly position: number
  readonly raw: string
}

function shown({ message, position, raw }: MalformedEventError): Malformed {
  return { malformed: message, position, raw }
}

function malformedLine({ malformed }: Malformed): string {
  return `! ${malformed}`
}
