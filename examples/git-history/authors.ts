import { type Node, view } from 'aether'
import { File } from './file.ts'

/** The longest name a document may have. */
const maxNameLength = 300

interface AuthorState {
  readonly added: number
  readonly deleted: number
  /** How many changes of files; a rename is one. */
  readonly changes: number
}

const idle: AuthorState = { added: 0, deleted: 0, changes: 0 }

/** A document an author: what they did to the lines of all files. */
export const Authors = view({
  name: 'authors',
  actors: [File],
  key: ({ metadata: { author } }) => author?.slice(0, maxNameLength).toWellFormed() || undefined,
  state: idle,
  // Not Renamed: what a rename changes is told by the file that it makes.
  on: {
    Added: (author, { data }) => withEdit(author, data),
    Modified: (author, { data }) => withEdit(author, data),
    Deleted: (author, { data }) => withEdit(author, data),
  },
})

interface Edit {
  readonly added: number | null
  readonly deleted: number | null
}

function withEdit(author: AuthorState, { added, deleted }: Edit): AuthorState {
  return {
    added: author.added + (added ?? 0),
    deleted: author.deleted + (deleted ?? 0),
    changes: author.changes + 1,
  }
}

export interface Author extends AuthorState {
  /** `Name <address>` */
  readonly name: string
}

/** The authors who changed the most lines, and of the same number the most files. */
export async function busiestAuthors(
  node: Node<typeof File>,
  count: number,
): Promise<readonly Author[]> {
  const authors: Author[] = []
  for await (const { key, state } of node.view(Authors).list())
    authors.push({ name: key, ...state })
  return authors.toSorted(byLines).slice(0, count)
}

function byLines(a: Author, b: Author): number {
  const lines = b.added + b.deleted - (a.added + a.deleted)
  return lines || b.changes - a.changes || (a.name < b.name ? -1 : 1)
}
