import type { Content } from './git-log.ts'
import { NulReader } from './nul-reader.ts'
import { Problem } from './problem.ts'
import type { Repository } from './repository.ts'

/** The bytes of a path, one character each: a name that two paths never share. */
export type PathBytes = string

/** What git itself says about a commit, asked in other ways than the import asks. */
export interface GitFacts {
  /** `git ls-tree`: what is there. */
  readonly tree: ReadonlyMap<PathBytes, Content>
  /** `git diff --numstat` with nothing: the lines of what is there, null for binary files. */
  readonly lines: ReadonlyMap<PathBytes, number | null>
  /** `git log --name-status` without renames: how often each path was ever changed. */
  readonly changes: ReadonlyMap<PathBytes, number>
}

export async function readGitFacts(repository: Repository, commit: string): Promise<GitFacts> {
  const [tree, lines, changes] = await Promise.all([
    readTree(repository, commit),
    readLines(repository, commit),
    countChanges(repository, commit),
  ])
  return { tree, lines, changes }
}

async function readTree(
  repository: Repository,
  commit: string,
): Promise<ReadonlyMap<PathBytes, Content>> {
  const tree = new Map<PathBytes, Content>()
  const pieces = new NulReader(repository.read(['ls-tree', '-r', '-z', '--full-tree', commit]))
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) {
    const found = /^([0-7]{6}) [a-z]+ ([0-9a-f]+)\t(.+)$/s.exec(piece.toString('latin1'))
    if (!found) throw unreadable('ls-tree', piece)
    const [, mode = '', blob = '', path = ''] = found
    tree.set(path, { mode, blob })
  }
  return tree
}

async function readLines(
  repository: Repository,
  commit: string,
): Promise<ReadonlyMap<PathBytes, number | null>> {
  const lines = new Map<PathBytes, number | null>()
  // Its id depends on the repository's hash function.
  const emptyTree = await repository.readLine(['hash-object', '-t', 'tree', '/dev/null'])
  const flags = ['--no-renames', '--no-ext-diff', '--no-relative', '--ignore-submodules=none']
  const diff = ['diff', '--numstat', '-z', ...flags, emptyTree, commit, '--']
  const pieces = new NulReader(repository.read(diff))
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) {
    const found = /^(?:(\d+)|-)\t[0-]\t(.+)$/s.exec(piece.toString('latin1'))
    if (!found) throw unreadable('diff --numstat', piece)
    const [, count, path = ''] = found
    lines.set(path, count === undefined ? null : Number(count))
  }
  return lines
}

/** Without rename detection a renamed file is deleted here and added there: a change of both paths. */
async function countChanges(
  repository: Repository,
  commit: string,
): Promise<ReadonlyMap<PathBytes, number>> {
  const changes = new Map<PathBytes, number>()
  const mainLine = ['--first-parent', '--diff-merges=first-parent']
  const flags = ['--no-renames', '--no-relative', '--ignore-submodules=none', '--format=']
  const config = ['-c', 'log.showRoot=true', '-c', 'log.showSignature=false']
  const log = [...config, 'log', '-z', '--name-status', ...mainLine, ...flags, commit, '--']
  const pieces = new NulReader(repository.read(log))
  for (let status = await pieces.next(); status; status = await pieces.next()) {
    if (!/^[AMDT]$/.test(status.toString('latin1'))) throw unreadable('log --name-status', status)
    const path = (await pieces.expect('a path')).toString('latin1')
    changes.set(path, (changes.get(path) ?? 0) + 1)
  }
  return changes
}

function unreadable(command: string, piece: Buffer): Problem {
  return new Problem(`git ${command} wrote ${JSON.stringify(piece.toString())}`)
}
