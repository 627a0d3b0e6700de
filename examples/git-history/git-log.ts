import { NulReader } from './nul-reader.ts'
import { type FilePath, pathFromBytes } from './path.ts'
import { Problem } from './problem.ts'
import type { Repository } from './repository.ts'

/** One commit of the main line and what it did to the tree of the commit before. */
export interface Commit {
  readonly id: string
  /** `Name <address>` */
  readonly author: string
  /** When it was written: ISO 8601, as the author's clock and time zone had it. */
  readonly time: string
  /** At most one for a path. */
  readonly changes: readonly Change[]
}

export type Change =
  | ({ readonly kind: 'added'; readonly path: FilePath; readonly after: Content } & Edit)
  | ({ readonly kind: 'modified'; readonly path: FilePath } & BeforeAndAfter & Edit)
  | ({ readonly kind: 'deleted'; readonly path: FilePath; readonly before: Content } & Edit)
  | ({ readonly kind: 'renamed'; readonly path: FilePath; readonly to: FilePath } & BeforeAndAfter &
      Edit)

export interface Content {
  readonly mode: string
  readonly blob: string
}

interface BeforeAndAfter {
  readonly before: Content
  readonly after: Content
}

/** Null where git counts no lines: in binary files. */
export interface Edit {
  readonly added: number | null
  readonly deleted: number | null
}

/**
 * A merge counts as one change, made to its first parent. So the commits stand in one line, each
 * change is made to what the one before left, and the sum of all is exactly the tree of the last.
 * With every side branch in between, the order of changes to a file would say nothing, and a merge
 * would repeat what its branches did already.
 *
 * The settings are spelled out: the user's configuration must not change what an import stores.
 */
const logArguments = [
  ...['-c', 'log.showRoot=true', '-c', 'log.showSignature=false', '-c', 'core.quotePath=false'],
  ...['log', '--first-parent', '--diff-merges=first-parent', '--reverse', '-z', '--encoding=UTF-8'],
  ...['--raw', '--numstat', '--no-abbrev', '-M50%', '-l1000', '--diff-algorithm=myers'],
  ...['--no-color', '--no-ext-diff', '--no-textconv', '--no-relative', '--ignore-submodules=none'],
  '--format=commit %H%x00%an <%ae>%x00%aI',
]

/** The commits of the main line from the first to `tip`, as git finds them. */
export async function* readCommits(
  repository: Repository,
  tip: string,
): AsyncGenerator<Commit, void, undefined> {
  const pieces = new NulReader(repository.read([...logArguments, tip, '--']))
  try {
    let piece = await pieces.next()
    while (piece) {
      const id = commitId(piece)
      const author = (await pieces.expect('an author')).toString()
      const time = (await pieces.expect('a time')).toString()
      const { changes, next } = await readChanges(pieces)
      yield { id, author, time, changes }
      piece = next
    }
  } finally {
    await pieces.close()
  }
}

/** How many commits {@link readCommits} will give. */
export async function countCommits(repository: Repository, tip: string): Promise<number> {
  return Number(await repository.readLine(['rev-list', '--count', '--first-parent', tip, '--']))
}

function commitId(piece: Buffer): string {
  const found = /^commit ([0-9a-f]+)$/.exec(piece.toString('latin1'))
  if (!found?.[1]) throw unexpected('a commit', piece)
  return found[1]
}

interface Changes {
  readonly changes: readonly Change[]
  /** The piece behind them: the next commit. */
  readonly next: Buffer | undefined
}

/**
 * All raw lines of the commit come first, then the numbers of all files, in the same order but not
 * one for each. A rename is two pieces more in both: `R100 NUL old NUL new`, `1 TAB 2 TAB NUL old NUL new`.
 */
async function readChanges(pieces: NulReader): Promise<Changes> {
  const raws: RawChange[] = []
  const edits = new Map<string, Edit>()
  let piece = await pieces.next()
  // A line feed stands between a commit and its changes; an empty commit has neither.
  if (piece?.[0] === lineFeed) piece = piece.subarray(1)
  for (; piece?.[0] === colon; piece = await pieces.next()) raws.push(await readRaw(piece, pieces))
  for (; piece && startsEdit(piece); piece = await pieces.next()) {
    const { path, edit } = await readEdit(piece, pieces)
    edits.set(path.toString('latin1'), edit)
  }
  return { changes: raws.map((raw) => toChange(raw, edits)), next: piece }
}

const lineFeed = 0x0a
const colon = 0x3a

interface RawChange extends BeforeAndAfter {
  readonly status: string
  readonly path: Buffer
  /** The new path of a renamed file. */
  readonly to?: Buffer
}

async function readRaw(piece: Buffer, pieces: NulReader): Promise<RawChange> {
  const fields =
    /^:([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([AMTDR])[0-9]*$/.exec(
      piece.toString('latin1'),
    )
  if (!fields) throw unexpected('a change', piece)
  const [, oldMode = '', newMode = '', oldBlob = '', newBlob = '', status = ''] = fields
  const change = {
    status,
    before: { mode: oldMode, blob: oldBlob },
    after: { mode: newMode, blob: newBlob },
    path: await pieces.expect('a path'),
  }
  return status === 'R' ? { ...change, to: await pieces.expect('a new path') } : change
}

const numbersPattern = /^(?:(\d+)\t(\d+)|-\t-)\t/

function startsEdit(piece: Buffer): boolean {
  return numbersPattern.test(piece.toString('latin1', 0, 40))
}

async function readEdit(piece: Buffer, pieces: NulReader): Promise<{ path: Buffer; edit: Edit }> {
  const found = numbersPattern.exec(piece.toString('latin1', 0, 40))
  if (!found) throw unexpected('numbers of lines', piece)
  const [numbers, added, deleted] = found
  const edit = {
    added: added === undefined ? null : Number(added),
    deleted: deleted === undefined ? null : Number(deleted),
  }
  if (piece.length > numbers.length) return { path: piece.subarray(numbers.length), edit }
  await pieces.expect('an old path')
  return { path: await pieces.expect('a new path'), edit }
}

function toChange(raw: RawChange, edits: ReadonlyMap<string, Edit>): Change {
  const { before, after, to, status } = raw
  const path = pathFromBytes(raw.path)
  const edit = edits.get((to ?? raw.path).toString('latin1')) ?? noEdit(raw)
  if (to) return { kind: 'renamed', path, to: pathFromBytes(to), before, after, ...edit }
  if (status === 'A') return { kind: 'added', path, after, ...edit }
  if (status === 'D') return { kind: 'deleted', path, before, ...edit }
  // T, another type (a link became a file), is a modification whose mode says so.
  return { kind: 'modified', path, before, after, ...edit }
}

/** Git may leave out the numbers of a file whose content is the same, and of no other. */
function noEdit({ before, after, path }: RawChange): Edit {
  if (before.blob === after.blob) return { added: 0, deleted: 0 }
  throw new Problem(`git gave no numbers of lines for ${JSON.stringify(path.toString())}`)
}

function unexpected(what: string, piece: Buffer): Problem {
  return new Problem(`git wrote ${JSON.stringify(piece.toString())} where ${what} had to follow`)
}
