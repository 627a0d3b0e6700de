import { type Node, view } from 'aether'
import { File } from './file.ts'

/** A commit of more files says little about which of them belong together, and has too many pairs. */
const maxFiles = 20

interface CommitState {
  readonly changed: number
  /** The keys of its files, sorted; none where there are too many. */
  readonly files: readonly string[]
}

const empty: CommitState = { changed: 0, files: [] }

/** A document a commit, put together from the events of all files that it changed. */
export const Commits = view({
  name: 'commits',
  actors: [File],
  key: ({ data }) => data.commit,
  state: empty,
  // Not Renamed: a file and what it was called before are no pair.
  on: {
    Added: (commit, { key }) => withFile(commit, key),
    Modified: (commit, { key }) => withFile(commit, key),
    Deleted: (commit, { key }) => withFile(commit, key),
  },
})

/** The files come in no certain order, and the result is the same in any. */
function withFile({ changed, files }: CommitState, file: string): CommitState {
  if (changed >= maxFiles) return { changed: changed + 1, files: [] }
  return { changed: changed + 1, files: [...files, file].toSorted() }
}

export interface FilePair {
  /** The keys of the two. */
  readonly files: readonly [string, string]
  /** How many commits changed both. */
  readonly commits: number
}

/** The files that were changed together most often, and more than once. */
export async function closestFiles(
  node: Node<typeof File>,
  count: number,
): Promise<readonly FilePair[]> {
  const pairs = new Map<string, FilePair>()
  for await (const { state } of node.view(Commits).list())
    for (const files of pairsOf(state.files)) {
      const id = JSON.stringify(files)
      pairs.set(id, { files, commits: (pairs.get(id)?.commits ?? 0) + 1 })
    }
  return [...pairs]
    .filter(([, { commits }]) => commits > 1)
    .toSorted(([a, x], [b, y]) => y.commits - x.commits || (a < b ? -1 : 1))
    .slice(0, count)
    .map(([, pair]) => pair)
}

function pairsOf(files: readonly string[]): (readonly [string, string])[] {
  return files.flatMap((first, index) =>
    files.slice(index + 1).map((second) => [first, second] as const),
  )
}
