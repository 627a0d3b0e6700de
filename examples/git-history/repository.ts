import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Problem } from './problem.ts'

/** Variables that would make git look at another repository than the one asked for. */
const misleading = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_COMMON_DIR']

/** A git repository, read through the `git` program; nothing in it is ever changed. */
export class Repository {
  readonly #gitDirectory: string
  readonly #directory: string

  private constructor(directory: string, gitDirectory: string) {
    this.#directory = directory
    this.#gitDirectory = gitDirectory
  }

  /** @throws Problem where there is no repository, or no git */
  static async open(directory: string): Promise<Repository> {
    const question = ['-C', directory, 'rev-parse', '--absolute-git-dir']
    try {
      return new Repository(directory, await line(run(question)))
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      throw new Problem(`${directory} is not a git repository: ${error.reason}`, { cause: error })
    }
  }

  /**
   * The id of the commit that a name stands for, so that a branch may move on meanwhile.
   * @throws Problem where there is no such commit
   */
  async commitId(ref: string): Promise<string> {
    const question = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
    try {
      return await line(run(['-C', this.#directory, ...question]))
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
      throw new Problem(`${ref} is no commit of ${this.#directory}`, { cause: error })
    }
  }

  /** What a git command writes, while it writes it. Leaving the loop ends the command. */
  read(args: readonly string[]): AsyncGenerator<Buffer, void, undefined> {
    // Inside the git directory and without the user's attributes, no .gitattributes has a say in
    // what is binary: the same commits always give the same changes.
    const place = ['-C', this.#gitDirectory, '--git-dir=.', '-c', 'core.attributesFile=/dev/null']
    return run([...place, ...args])
  }

  /** The one line that a git command writes. */
  readLine(args: readonly string[]): Promise<string> {
    return line(this.read(args))
  }
}

/** Git ended with an error. */
class GitFailure extends Problem {
  /** Git's own words, in one line. */
  readonly reason: string

  constructor(args: readonly string[], code: number | null, complaint: string) {
    const reason = complaint.trim().split('\n')[0] || `exit code ${code}`
    super(`git ${args.join(' ')}: ${reason}`)
    this.reason = reason.replace(/^fatal: /, '')
  }
}

async function* run(args: readonly string[]): AsyncGenerator<Buffer, void, undefined> {
  const git = await start(args)
  // Listened for from the beginning: the end may come before it is asked for.
  const ended = once(git, 'close') as Promise<[number | null]>
  const complaint = text(git.stderr)
  try {
    for await (const chunk of git.stdout) yield chunk as Buffer
    const [code] = await ended
    if (code !== 0) throw new GitFailure(args, code, await complaint)
  } finally {
    git.kill()
  }
}

type GitProcess = ChildProcessByStdio<null, Readable, Readable>

async function start(args: readonly string[]): Promise<GitProcess> {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_ATTR_NOSYSTEM: '1' }
  for (const name of misleading) delete (env as NodeJS.ProcessEnv)[name]
  const git = spawn('git', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    await once(git, 'spawn')
    return git
  } catch (cause) {
    throw new Problem(`git can't be started: ${(cause as Error).message}`, { cause })
  }
}

async function line(chunks: AsyncIterable<Buffer>): Promise<string> {
  return (await text(chunks)).trimEnd()
}
