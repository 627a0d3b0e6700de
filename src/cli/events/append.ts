import { text } from 'node:stream/consumers'
import { type ActorId, parseActorId, parseJson } from '../../core/index.ts'
import { nodeOptions } from '../actor/node-option.ts'
import { given, named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { eventLine, outputTo } from '../output.ts'
import { openOrMake } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'
import { checkedEvent } from './checked-event.ts'

/**
 * `aether events append ACTOR TYPE [DATA]`: stores one event, if the actor of a module can take it. Data `-`
 * is read from stdin.
 */
export async function append(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...nodeOptions,
    expect: { type: 'string' },
    id: { type: 'string' },
    metadata: { type: 'string', multiple: true },
    unchecked: { type: 'boolean' },
  })
  const [actor = '', type = '', data = '{}'] = named('events append', positionals, [
    'ACTOR',
    'TYPE',
    '[DATA]',
  ])
  const actorId = actor as ActorId
  parseActorId(actorId)
  const json = data === '-' ? await text(process.stdin) : data
  const metadata = metadataOf(values.metadata ?? [])
  const event = { type, data: parseJson(json), metadata, ...given({ id: values.id }) }
  const expected = wholeNumber('expect', values.expect)
  checkChoice(values)
  const checked = values.unchecked ? undefined : await checkedEvent({ ...values, actorId, event })
  await using store = await openOrMake(values.backend)
  // Under its own id the same may come again, at whichever version it stands by then.
  const expectedVersion = expected ?? (values.id === undefined ? checked?.version : 'any') ?? 'any'
  const result = await store.append(actorId, [{ ...event, ...checked?.event }], { expectedVersion })
  const output = outputTo(values.json)
  if (result.ok) {
    for (const stored of result.events) await output.write(stored, eventLine)
    return exitCode.done
  }
  const { currentVersion } = result.conflict
  await output.write(result, () => `${actor} is at version ${currentVersion}: nothing was stored`)
  return exitCode.no
}

/** @throws UsageError */
function checkChoice({ module, unchecked = false }: Choice): void {
  if (unchecked !== (module !== undefined)) return
  throw new UsageError(
    unchecked
      ? 'aether events append takes --module FILE or --unchecked, not both'
      : 'aether events append needs --module FILE, whose actor checks the event, or --unchecked: an event that its actor cannot read stops that for good',
  )
}

interface Choice {
  readonly module?: string | undefined
  readonly unchecked?: boolean | undefined
}

function metadataOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
      if (name !== undefined && value !== undefined) return [name, value] as const
      throw new UsageError(`--metadata must be name=value, not ${JSON.stringify(pair)}`)
    }),
  )
}
