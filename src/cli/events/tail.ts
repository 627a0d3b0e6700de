import { named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { filterOf, filterOptions } from '../filter-options.ts'
import { Interrupted, interruption } from '../interruption.ts'
import { eventLine, outputTo } from '../output.ts'
import { openExisting, storeOptions } from '../store-option.ts'

/** `aether events tail`: each new event as it is stored, until it is interrupted. */
export async function tail(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, { ...storeOptions, ...filterOptions })
  named('events tail', positionals, [])
  const output = outputTo(values.json)
  await using store = await openExisting(values.backend)
  using interrupted = interruption()
  const { signal } = interrupted
  const checkpoint = values.after ?? 'now'
  let left = wholeNumber('limit', values.limit) ?? Infinity
  if (left === 0) return exitCode.done
  try {
    for await (const event of store.subscribe({ checkpoint, filter: filterOf(values), signal })) {
      await output.write(event, eventLine)
      if (--left <= 0) break
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
  }
  return exitCode.done
}
