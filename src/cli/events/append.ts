import { text } from 'node:stream/consumers'
import { type ActorId, parseActorId, parseJson } from '../../core/index.ts'
import { given, named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { eventLine, outputTo } from '../output.ts'
import { openOrMake, storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'

/** `aether events append ACTOR TYPE [DATA]`: stores one event. Data `-` is read from stdin. */
export async function append(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...storeOptions,
    expect: { type: 'string' },
    id: { type: 'string' },
    metadata: { type: 'string', multiple: true },
  })
  const [actor = '', type = '', data = '{}'] = named('events append', positionals, [
    'ACTOR',
    'TYPE',
    '[DATA]',
  ])
  parseActorId(actor)
  const json = data === '-' ? await text(process.stdin) : data
  const event = {
    type,
    data: parseJson(json),
    metadata: metadataOf(values.metadata ?? []),
    ...given({ id: values.id }),
  }
  await using store = await openOrMake(values.backend)
  const expectedVersion = wholeNumber('expect', values.expect) ?? 'any'
  const result = await store.append(actor as ActorId, [event], { expectedVersion })
  const output = outputTo(values.json)
  if (result.ok) {
    for (const stored of result.events) await output.write(stored, eventLine)
    return exitCode.done
  }
  const { currentVersion } = result.conflict
  await output.write(result, () => `${actor} is at version ${currentVersion}: nothing was stored`)
  return exitCode.no
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
