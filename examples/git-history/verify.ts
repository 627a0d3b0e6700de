import type { Node, StateOf } from 'aether'
import { File } from './file.ts'
import { type GitFacts, type PathBytes, readGitFacts } from './git-facts.ts'
import { keyOf, pathToBytes, printable } from './path.ts'
import type { Repository } from './repository.ts'
import { InFlight } from './in-flight.ts'
import type { Survey } from './survey.ts'

/** One thing that was compared. */
export interface Check {
  readonly what: string
  /** What git was asked. */
  readonly against: string
  readonly compared: number
}

export interface Verification {
  readonly checks: readonly Check[]
  /** One line each; none: all is equal. */
  readonly differences: readonly string[]
  /** Text files that were binary once: their changes don't tell how many lines they have. */
  readonly uncountable: number
}

type FileState = StateOf<typeof File>

/** How many actors are replayed at once. */
const maxReplays = 64

/**
 * Replays every actor from the store and compares it with what git says about the commit. Give it
 * a node that has done nothing yet, so that nothing comes from the memory of the one that imported.
 */
export async function verifyHistory(
  node: Node<typeof File>,
  survey: Survey,
  { repository, commit }: { readonly repository: Repository; readonly commit: string },
): Promise<Verification> {
  const differences: string[] = []
  const [facts, files] = await Promise.all([
    readGitFacts(repository, commit),
    replayFiles(node, survey, differences),
  ])
  const { check: lines, uncountable } = compareLines(files, facts, differences)
  const checks = [
    compareTree(files, facts, differences),
    lines,
    compareChanges(files, facts, differences),
  ]
  return { checks, differences, uncountable }
}

async function replayFiles(
  node: Node<typeof File>,
  { eventsByFile }: Survey,
  differences: string[],
): Promise<ReadonlyMap<PathBytes, FileState>> {
  const files = new Map<PathBytes, FileState>()
  const inFlight = new InFlight(maxReplays)
  const replay = async (key: string, events: number): Promise<void> => {
    const { state, version } = await node.state(node.get(File, key))
    if (version !== events)
      differences.push(`${printable(key)}: is at version ${version} after ${events} events`)
    if (keyOf(state.path) !== key)
      differences.push(`${printable(key)}: holds ${JSON.stringify(state.path)}`)
    files.set(pathToBytes(state.path).toString('latin1'), state)
  }
  for (const [key, events] of eventsByFile) {
    await inFlight.room()
    void inFlight.watch(replay(key, events))
  }
  await inFlight.settled()
  return files
}

function compareTree(
  files: ReadonlyMap<PathBytes, FileState>,
  { tree }: GitFacts,
  differences: string[],
): Check {
  for (const [path, { mode, blob }] of tree) {
    const file = files.get(path)
    const expected = `${mode} ${blob}`
    const found = file?.exists ? `${file.mode} ${file.blob}` : 'nothing'
    if (found !== expected)
      differences.push(`${shown(path)}: git has ${expected}, stored is ${found}`)
  }
  for (const [path, { exists, mode, blob }] of files) {
    if (exists && !tree.has(path))
      differences.push(`${shown(path)}: git has nothing, stored is ${mode} ${blob}`)
  }
  return { what: 'files with mode and content', against: 'git ls-tree', compared: tree.size }
}

function compareLines(
  files: ReadonlyMap<PathBytes, FileState>,
  { lines }: GitFacts,
  differences: string[],
): { readonly check: Check; readonly uncountable: number } {
  let uncountable = 0
  for (const [path, expected] of lines) {
    const file = files.get(path)
    if (!file?.exists || file.lines === expected) continue
    if (file.lines === null) uncountable++
    else differences.push(`${shown(path)}: git has ${inLines(expected)}, stored are ${file.lines}`)
  }
  const compared = lines.size - uncountable
  return {
    check: { what: 'numbers of lines', against: 'git diff --numstat', compared },
    uncountable,
  }
}

function compareChanges(
  files: ReadonlyMap<PathBytes, FileState>,
  { changes }: GitFacts,
  differences: string[],
): Check {
  const paths = new Set([...changes.keys(), ...files.keys()])
  for (const path of paths) {
    const expected = changes.get(path) ?? 0
    const found = files.get(path)?.changes ?? 0
    if (found !== expected)
      differences.push(`${shown(path)}: git has ${expected} changes, stored are ${found}`)
  }
  return { what: 'numbers of changes', against: 'git log --name-status', compared: paths.size }
}

function inLines(lines: number | null): string {
  return lines === null ? 'a binary file' : `${lines} lines`
}

function shown(path: PathBytes): string {
  return printable(Buffer.from(path, 'latin1').toString())
}
