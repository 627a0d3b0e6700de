import { actor, reject } from 'aether'
import * as z from 'zod'
import type { FilePath } from './path.ts'

const objectId = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
const mode = z.string().regex(/^[0-7]{6}$/)
const path = z.union([z.string(), z.object({ base64: z.base64() })])
/** A number of lines, null where git counts none: in binary files. */
const lines = z.int().nonnegative().nullable()

/** What git keeps at a path. */
const content = { mode, blob: objectId }
/** What a change did to the lines. */
const edit = { added: lines, deleted: lines }
const commit = objectId

const addition = z.object({
  commit,
  path,
  ...content,
  ...edit,
  /** The path it was renamed from, and the lines it brought along. */
  from: z.object({ path, lines }).optional(),
})

interface FileState {
  readonly path: FilePath
  readonly exists: boolean
  readonly mode: string
  readonly blob: string
  /** The sum of all edits; null once a binary content took part, until the file is added anew. */
  readonly lines: number | null
  readonly added: number
  readonly deleted: number
  readonly changes: number
  readonly lastCommit: string
}

const neverSeen: FileState = {
  path: '',
  exists: false,
  mode: '',
  blob: '',
  lines: 0,
  added: 0,
  deleted: 0,
  changes: 0,
  lastCommit: '',
}

/** One path of a repository and everything that happened to the file there. */
export const File = actor('file', {
  state: neverSeen,
  events: {
    Added: addition,
    Modified: z.object({ commit, ...content, ...edit }),
    Deleted: z.object({ commit, ...edit }),
    Renamed: z.object({ commit, to: path, lines }),
  },
  evolve: {
    Added: (s, e) => ({
      ...edited({ ...s, lines: e.from ? e.from.lines : 0 }, e),
      path: e.path,
      exists: true,
      mode: e.mode,
      blob: e.blob,
    }),
    Modified: (s, e) => ({ ...edited(s, e), mode: e.mode, blob: e.blob }),
    Deleted: (s, e) => ({ ...edited(s, e), ...gone }),
    Renamed: (s, e) => ({ ...s, ...gone, changes: s.changes + 1, lastCommit: e.commit }),
  },
  commands: {
    add: {
      input: addition,
      decide: (s, c, on) => (s.exists ? reject('already-there', { blob: s.blob }) : on.Added(c)),
    },
    modify: {
      input: z.object({ commit, before: z.object(content), ...content, ...edit }),
      decide: (s, { before, ...change }, on) => unlike(s, before) ?? on.Modified(change),
    },
    delete: {
      input: z.object({ commit, before: z.object(content), ...edit }),
      decide: (s, { before, ...change }, on) => unlike(s, before) ?? on.Deleted(change),
    },
    rename: {
      input: z.object({ commit, before: z.object(content), to: path }),
      decide: (s, { before, ...change }, on) =>
        unlike(s, before) ?? on.Renamed({ ...change, lines: s.lines }),
    },
  },
})

const gone = { exists: false, mode: '', blob: '', lines: 0 }

interface Content {
  readonly mode: string
  readonly blob: string
}

/** Every change says what it was made to: a history with a gap, or another one, gets no further. */
function unlike(state: FileState, before: Content): ReturnType<typeof reject> | undefined {
  if (!state.exists) return reject('not-there')
  const { mode, blob } = state
  if (mode === before.mode && blob === before.blob) return undefined
  return reject('other-content', { expected: before, found: { mode, blob } })
}

interface Edit {
  readonly commit: string
  readonly added: number | null
  readonly deleted: number | null
}

function edited(state: FileState, { commit, added, deleted }: Edit): FileState {
  const countable = state.lines !== null && added !== null && deleted !== null
  return {
    ...state,
    lines: countable ? state.lines + added - deleted : null,
    added: state.added + (added ?? 0),
    deleted: state.deleted + (deleted ?? 0),
    changes: state.changes + 1,
    lastCommit: commit,
  }
}
