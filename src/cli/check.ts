import { StoreCheck } from '../actors/index.ts'
import { processLogger } from '../core/index.ts'
import { existingBackend } from './backend-argument.ts'
import { ChangedStates } from './changed-states.ts'
import { named, parseCommandLine } from './command-line.ts'
import { describeFinding } from './describe-finding.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { loadActors } from './load-module.ts'
import { outputTo, progressLine, writeLine } from './output.ts'
import { storeOptions } from './store-option.ts'

/** How often somebody who watches is told how far it is. */
const progressMs = 200

const options = {
  ...storeOptions,
  against: { type: 'string' },
} as const

/** `aether check MODULE`: whether the actors of a module can deal with everything that is stored. */
export async function check(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, options)
  const [module = ''] = named('check', positionals, ['MODULE'])
  const backend = await existingBackend(values.backend)
  const definitions = await loadActors(module)
  const against = values.against === undefined ? [] : await loadActors(values.against)
  await using store = await backend.openStore()
  const checking = new StoreCheck(store, definitions, { against, logger: processLogger })
  const found = await writeFindings(checking, values.json ?? !process.stdout.isTTY)
  const what = found === 0 ? 'nothing found' : counted(found, 'finding')
  console.error(`checked ${extent(checking)} in ${backend.name}: ${what}`)
  return found === 0 ? exitCode.done : exitCode.no
}

/** How many there were. */
async function writeFindings(checking: StoreCheck, isJson: boolean): Promise<number> {
  const output = outputTo(isJson)
  const changed = new ChangedStates()
  const progress = progressLine()
  const timer = setInterval(() => progress.tell(`checking ${extent(checking)}`), progressMs)
  let found = 0
  try {
    for await (const finding of checking.findings()) {
      found++
      progress.end()
      const isGrouped = !isJson && finding.kind === 'changed-state' && changed.add(finding)
      if (!isGrouped) await output.write(finding, describeFinding)
    }
    progress.end()
    for (const line of changed.lines()) await writeLine(line)
    return found
  } finally {
    clearInterval(timer)
    progress.end()
  }
}

function extent({ events, actors }: StoreCheck): string {
  return `${counted(events, 'event')} of ${counted(actors, 'actor')}`
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}
