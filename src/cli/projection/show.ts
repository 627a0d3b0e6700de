import { given, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { steered, steeringOptions } from './steering-option.ts'
import type { ViewDocument } from './steering.ts'

/** `aether projection show MODULE NAME [KEY]`: the documents of a view in the order of their keys, or one. */
export async function show(args: readonly string[]): Promise<ExitCode> {
  const line = parseCommandLine(args, {
    ...steeringOptions,
    prefix: { type: 'string' },
    after: { type: 'string' },
    limit: { type: 'string' },
  })
  const {
    args: [name = '', key],
    open,
  } = steered('show', line, ['NAME', '[KEY]'])
  const { prefix, after } = line.values
  const options = given({ prefix, after, limit: wholeNumber('limit', line.values.limit) })
  const output = outputTo(line.values.json)
  await using steering = await open()
  if (key === undefined) {
    for await (const document of steering.documents(name, options))
      await output.write(document, documentLine)
    return exitCode.done
  }
  const document = await steering.document(name, key)
  await output.write(document ?? null, (found) =>
    found ? documentLine(found) : `${name} has nothing under ${key}`,
  )
  return document ? exitCode.done : exitCode.no
}

function documentLine({ key, state }: ViewDocument): string {
  return `${JSON.stringify(key).slice(1, -1)} ${JSON.stringify(state)}`
}
