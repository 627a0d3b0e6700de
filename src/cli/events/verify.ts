import { type Finding, verifyStore, type VerifyReport } from '../../store/index.ts'
import { given, named, parseCommandLine, wholeNumber } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo, progressLine } from '../output.ts'
import { openExisting, storeOptions } from '../store-option.ts'

/** `aether events verify`: walks the whole log and says what is wrong where. */
export async function verify(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...storeOptions,
    after: { type: 'string' },
  })
  named('events verify', positionals, [])
  const output = outputTo(values.json)
  const progress = progressLine()
  await using store = await openExisting(values.backend)
  const walk = verifyStore(store, {
    ...given({ after: wholeNumber('after', values.after) }),
    onProgress: ({ events, position }) =>
      progress.tell(`${events} events, to position ${position}`),
  })
  for (;;) {
    const { value, done } = await walk.next()
    progress.end()
    if (done) {
      await output.write(value, reportLine)
      return value.errors === 0 ? exitCode.done : exitCode.no
    }
    await output.write(value, findingLine)
  }
}

function findingLine({ severity, kind, position, actorId, version, message }: Finding): string {
  const where = actorId === undefined ? '' : ` ${actorId}${version ? `@${version}` : ''}`
  return `${severity} ${kind} at ${position}${where}: ${message}`
}

function reportLine({ events, actors, chained, errors, warnings, position }: VerifyReport): string {
  const hashes = chained > 0 ? `, ${chained} of them chained` : ''
  return `${events} events of ${actors} actors${hashes}, to position ${position}: ${errors} errors, ${warnings} warnings`
}
