import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** One commit to be made. Paths are text, or bytes where they are no UTF-8. */
export interface SampleCommit {
  /** A name for other commits to refer to. */
  readonly name: string
  /** The name of a commit made here, or any that git knows. @default the commit made before */
  readonly parent?: string
  readonly merged?: string
  /** In this order, each on what the one before left. */
  readonly changes?: readonly SampleChange[]
  /** The line as it stands in the commit, as bytes. @default an author of plain letters */
  readonly author?: Buffer
  readonly encoding?: string
}

export type SamplePath = string | Buffer

export type SampleChange =
  | { readonly put: SamplePath; readonly content: string | Buffer; readonly mode?: string }
  | { readonly submodule: SamplePath; readonly at: string }
  | { readonly remove: SamplePath }
  | { readonly move: SamplePath; readonly to: SamplePath }

/**
 * Makes a repository with git itself, by way of `git fast-import`: so that any path can be in it,
 * whatever the file system of this machine allows.
 */
export async function makeRepository(
  directory: string,
  commits: readonly SampleCommit[],
): Promise<void> {
  await git(['-c', 'init.defaultBranch=main', 'init', '--quiet', '--bare', directory])
  await addCommits(directory, commits)
}

/** Adds commits and lets the branch `main` end with the last of them. */
export async function addCommits(
  directory: string,
  commits: readonly SampleCommit[],
): Promise<void> {
  await git(['-C', directory, 'fast-import', '--quiet', '--force'], fastImport(commits))
}

/** Runs git without any configuration of the user; resolves with what it wrote. */
export async function git(
  args: readonly string[],
  input: Buffer = Buffer.alloc(0),
): Promise<string> {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const child = spawn('git', args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const exit = once(child, 'close') as Promise<[number]>
  // Where git stops reading, it says why.
  child.stdin.on('error', () => {}).end(input)
  const [output, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exit,
  ])
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${complaint}`)
  return output
}

const plainAuthor = Buffer.from('Ada <ada@example.org>')
/** Each commit is a minute younger than the one before. */
const firstTime = 1_700_000_000

function fastImport(commits: readonly SampleCommit[]): Buffer {
  const marks = new Map(commits.map(({ name }, index) => [name, `:${index + 1}`]))
  const parts = commits.flatMap((commit, index) => [
    ...header(commit, index, marks),
    ...(commit.changes ?? []).map(changeLine),
    Buffer.from('\n'),
  ])
  return Buffer.concat(parts)
}

function header(
  { name, parent, merged, author = plainAuthor, encoding }: SampleCommit,
  index: number,
  marks: ReadonlyMap<string, string>,
): Buffer[] {
  const time = ` ${firstTime + 60 * index} +0230\n`
  const from = parent === undefined ? undefined : (marks.get(parent) ?? parent)
  return [
    Buffer.from(`commit refs/heads/main\nmark :${index + 1}\nauthor `),
    author,
    Buffer.from(`${time}committer Committer <committer@example.org>${time}`),
    Buffer.from(encoding ? `encoding ${encoding}\n` : ''),
    data(Buffer.from(name)),
    Buffer.from(from ? `from ${from}\n` : ''),
    Buffer.from(merged ? `merge ${marks.get(merged)}\n` : ''),
  ]
}

function changeLine(change: SampleChange): Buffer {
  if ('put' in change) {
    const { put, content, mode = '100644' } = change
    return Buffer.concat([
      Buffer.from(`M ${mode} inline ${quoted(put)}\n`),
      data(Buffer.from(content)),
    ])
  }
  if ('submodule' in change)
    return Buffer.from(`M 160000 ${change.at} ${quoted(change.submodule)}\n`)
  if ('remove' in change) return Buffer.from(`D ${quoted(change.remove)}\n`)
  return Buffer.from(`R ${quoted(change.move)} ${quoted(change.to)}\n`)
}

function data(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`data ${content.length}\n`), content, Buffer.from('\n')])
}

/** Every byte of the path by its number: nothing left that could be misread. */
function quoted(path: SamplePath): string {
  const bytes = Array.from(Buffer.from(path), (byte) => `\\${byte.toString(8).padStart(3, '0')}`)
  return `"${bytes.join('')}"`
}
