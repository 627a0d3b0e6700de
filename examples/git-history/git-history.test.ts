import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { type Backend, CommandRejectedError, type Node, open } from 'aether'
import { memory } from 'aether/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backendKinds, type BackendSource } from '../../test/support/backend-kinds.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { runCommand } from './command.ts'
import { File } from './file.ts'
import { type Commit, readCommits } from './git-log.ts'
import { importHistory, type ImportProgress, importLimits } from './import.ts'
import { NulReader } from './nul-reader.ts'
import { keyOf, pathFromBytes, pathToBytes } from './path.ts'
import { Problem } from './problem.ts'
import { Repository } from './repository.ts'
import { oddPaths, sampleHistory, submoduleAt } from './sample-history.ts'
import { addCommits, git, makeRepository } from './sample-repository.ts'
import { surveyEvents } from './survey.ts'
import { type Verification, verifyHistory } from './verify.ts'

type Folder = Awaited<ReturnType<typeof temporaryFolder>>

let folder: Folder
/** Read by all tests, changed by none. */
let sample: string

beforeAll(async () => {
  folder = await temporaryFolder()
  sample = join(folder.path, 'sample.git')
  await makeRepository(sample, sampleHistory)
})

afterAll(() => folder.remove())

function openNode(backend: Backend): Promise<Node<typeof File>> {
  return open({ backend, actors: [File], limits: importLimits })
}

interface Source {
  readonly directory?: string
  readonly ref?: string
  readonly limit?: number
}

async function importInto(
  backend: Backend,
  { directory = sample, ref = 'HEAD', limit = Infinity }: Source = {},
): Promise<ImportProgress> {
  await using node = await openNode(backend)
  const repository = await Repository.open(directory)
  return await importHistory(node, { repository, tip: await repository.commitId(ref), limit })
}

async function verify(
  backend: Backend,
  { directory = sample, ref = 'HEAD' }: Source = {},
): Promise<Verification> {
  await using node = await openNode(backend)
  const repository = await Repository.open(directory)
  const commit = await repository.commitId(ref)
  return await verifyHistory(node, await surveyEvents(node.events), { repository, commit })
}

async function commitsOf(directory: string): Promise<Commit[]> {
  const repository = await Repository.open(directory)
  return Array.fromAsync(readCommits(repository, await repository.commitId('HEAD')))
}

async function sampleMainLine(): Promise<string[]> {
  const ids = await git(['-C', sample, 'rev-list', '--first-parent', '--reverse', 'HEAD'])
  return ids.trim().split('\n')
}

/** The commit with that number, counted from the first, which is 1. */
async function sampleCommit(number: number): Promise<string> {
  return (await sampleMainLine())[number - 1] ?? ''
}

/** A cluster of three would add time, and nothing that its own tests don't show. */
const kinds = backendKinds.filter(({ name }) => name !== 'JetStream, three replicas')

describe.each(kinds)('a history in $name', (kind) => {
  let source: BackendSource
  let backend: Backend
  let first: ImportProgress
  beforeAll(async () => {
    source = await kind.start()
    backend = source.fresh()
    first = await importInto(backend)
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('is what git says, file by file', async () => {
    const { differences, checks, uncountable } = await verify(backend)
    expect(differences).toEqual([])
    expect(uncountable).toBe(1)
    const tree = (await git(['-C', sample, 'ls-tree', '-r', '-z', 'HEAD'])).split('\0').length - 1
    expect(checks.map(({ compared }) => compared)).toMatchObject([
      tree,
      tree - 1,
      expect.any(Number),
    ])
  })

  test('is stored once, however often it is imported', async () => {
    const again = await importInto(backend)
    expect(first.newEvents).toBe(first.commands)
    expect(again).toMatchObject({ ...first, newEvents: 0 })
    expect((await verify(backend)).differences).toEqual([])
  })

  test('has every path, as the bytes it has in git', async () => {
    await using node = await openNode(backend)
    for (const path of oddPaths) {
      const bytes = Buffer.from(path)
      const { state } = await node.state(File, keyOf(pathFromBytes(bytes)))
      expect(pathToBytes(state.path)).toEqual(bytes)
      expect(state).toMatchObject({ exists: true, changes: 4 })
    }
  })
})

describe('a file', () => {
  const backend = memory()
  beforeAll(() => importInto(backend))

  async function historyOf(key: string): Promise<unknown[]> {
    await using node = await openNode(backend)
    const events = await Array.fromAsync(node.events.read(`file-${key}`))
    return events.map(({ type, data }) => ({ type, ...(data as object) }))
  }

  test('takes its lines along when it is renamed', async () => {
    expect(await historyOf('book/story.txt')).toMatchObject([
      { type: 'Added', added: 0, deleted: 0, from: { path: 'story.txt', lines: 25 } },
      { type: 'Renamed', to: 'book/novel.txt', lines: 25 },
    ])
    expect(await historyOf('book/novel.txt')).toMatchObject([
      { type: 'Added', added: 3, deleted: 0, from: { path: 'book/story.txt', lines: 25 } },
      { type: 'Deleted', added: 0, deleted: 28 },
      { type: 'Added', added: 1, deleted: 0 },
      { type: 'Deleted', deleted: 1 },
    ])
  })

  test('that replaces another one is no rename for that one', async () => {
    const types = (await historyOf('a')).map((event) => (event as { type: string }).type)
    expect(types).toEqual(['Added', 'Modified', 'Modified', 'Modified'])
    expect(await historyOf('b')).toMatchObject([{}, { type: 'Modified' }, { type: 'Deleted' }])
  })

  test('that is binary has no lines', async () => {
    await using node = await openNode(backend)
    expect((await node.state(File, 'turns to text')).state).toMatchObject({ lines: null, added: 1 })
    expect(await historyOf('logo.png')).toMatchObject([
      { type: 'Added', added: null, deleted: null },
      { type: 'Modified', added: null, deleted: null },
      { type: 'Renamed', lines: null },
    ])
  })

  test('may be a link or a submodule', async () => {
    await using node = await openNode(backend)
    const submodule = { mode: '160000', blob: submoduleAt, lines: 1, changes: 2 }
    expect((await node.state(File, 'vendor/library')).state).toMatchObject(submodule)
    expect((await node.state(File, 'a')).state).toMatchObject({ mode: '120000' })
  })

  test('is changed once by a merge, which is made to its first parent', async () => {
    expect(await historyOf('shared')).toMatchObject([
      { type: 'Added', added: 20 },
      { type: 'Modified', added: 1, deleted: 0 },
      { type: 'Modified', added: 1, deleted: 1 },
    ])
    expect(await historyOf('only on the side')).toMatchObject([{ type: 'Added', added: 2 }])
    expect(await historyOf('in no parent')).toMatchObject([{ type: 'Added' }])
  })

  test('says who changed it, when and in which commit', async () => {
    await using node = await openNode(backend)
    const [first, second] = await Array.fromAsync(node.events.read('file-latin'))
    const head = (await git(['-C', sample, 'rev-parse', 'HEAD'])).trim()
    expect(first?.metadata).toMatchObject({ author: 'André <andre@example.org>' })
    expect(second?.metadata).toMatchObject({
      author: 'Andr\ufffd <andre@example.org>',
      time: expect.stringMatching(/^2023-11-1\dT\d\d:\d\d:\d\d\+02:30$/),
      correlationId: head,
      commandId: head,
    })
  })
})

describe('an import', () => {
  test('goes on where the history went on', async () => {
    const directory = join(folder.path, 'grows.git')
    await makeRepository(directory, [
      { name: 'one', changes: [{ put: 'a', content: '1\n' }] },
      { name: 'two', changes: [{ put: 'a', content: '2\n' }] },
    ])
    const backend = memory()
    await importInto(backend, { directory })
    const three = { put: 'b', content: 'b\n' }
    await addCommits(directory, [{ name: 'three', parent: 'main^0', changes: [three] }])
    expect((await verify(backend, { directory })).differences).toHaveLength(2)
    expect(await importInto(backend, { directory })).toMatchObject({ commands: 3, newEvents: 1 })
    expect((await verify(backend, { directory })).differences).toEqual([])
  })

  test('of the oldest commits is the history of that time', async () => {
    const backend = memory()
    expect(await importInto(backend, { limit: 9 })).toMatchObject({ commits: 9 })
    const { differences } = await verify(backend)
    expect(differences).toContainEqual(
      expect.stringMatching(/^book: git has 100644 [0-9a-f]{40}, /),
    )
    expect((await verify(backend, { ref: await sampleCommit(9) })).differences).toEqual([])
  })

  test('of another history into the same place is refused, with the commit', async () => {
    const directory = join(folder.path, 'other.git')
    await makeRepository(directory, [
      { name: 'another root', changes: [{ put: 'story.txt', content: 'another story\n' }] },
      { name: 'and on', changes: [{ put: 'story.txt', content: 'goes on\n' }] },
    ])
    const backend = memory()
    await importInto(backend, { limit: 1 })
    const failure = await importInto(backend, { directory }).catch((error: unknown) => error)
    const root = await git(['-C', directory, 'rev-list', '--max-parents=0', 'HEAD'])
    expect(failure).toBeInstanceOf(Problem)
    expect((failure as Problem).message).toBe(
      `commit ${root.trim()} can't be stored: file-story.txt rejected add: already-there`,
    )
    expect((failure as Problem).cause).toBeInstanceOf(CommandRejectedError)
  })

  test('of an empty commit alone stores nothing', async () => {
    const directory = join(folder.path, 'empty.git')
    await makeRepository(directory, [{ name: 'nothing' }])
    const backend = memory()
    expect(await importInto(backend, { directory })).toMatchObject({ commits: 1, commands: 0 })
    expect((await verify(backend, { directory })).differences).toEqual([])
  })
})

describe('verifying finds', () => {
  const [commit, blob] = ['d'.repeat(40), 'e'.repeat(40)]
  const added = { commit, mode: '100644', blob, added: 1, deleted: 0 }

  async function tamper(
    change: (node: Node<typeof File>) => Promise<unknown>,
  ): Promise<readonly string[]> {
    const backend = memory()
    const ref = await sampleCommit(9)
    await importInto(backend, { ref })
    {
      await using node = await openNode(backend)
      await change(node)
    }
    return (await verify(backend, { ref })).differences
  }

  test('a file too many', async () => {
    const differences = await tamper((node) =>
      node.get(File, 'not in git').add({ ...added, path: 'not in git' }),
    )
    expect(differences).toEqual([
      `not in git: git has nothing, stored is 100644 ${blob}`,
      'not in git: git has 0 changes, stored are 1',
    ])
  })

  test('another content, number of lines and number of changes', async () => {
    const differences = await tamper(async (node) => {
      const { mode, blob: before } = (await node.state(File, 'empty')).state
      await node.get(File, 'empty').modify({ ...added, before: { mode, blob: before } })
    })
    expect(differences).toEqual([
      'empty: git has 1 lines, stored are 2',
      expect.stringMatching(`^empty: git has 100644 [0-9a-f]{40}, stored is 100644 ${blob}$`),
      'empty: git has 2 changes, stored are 3',
    ])
  })

  test('a file under the name of another', async () => {
    const differences = await tamper((node) =>
      node.get(File, 'elsewhere').add({ ...added, path: 'shared too' }),
    )
    expect(differences).toContain('elsewhere: holds "shared too"')
  })
})

describe('a change that makes no sense is rejected:', () => {
  const commit = 'd'.repeat(40)
  const content = { mode: '100644', blob: 'e'.repeat(40) }
  const edit = { commit, added: 1, deleted: 0 }
  const other = { ...content, blob: 'f'.repeat(40) }

  test.each([
    ['a file that is not there', 'not-there', 'absent'],
    ['another content', 'other-content', 'present'],
  ])('to %s', async (_what, rejection, key) => {
    await using node = await openNode(memory())
    await node.get(File, 'present').add({ ...edit, ...content, path: 'present' })
    const file = node.get(File, key)
    const changes = [
      file.modify({ ...edit, ...content, before: other }),
      file.delete({ ...edit, before: other }),
      file.rename({ commit, before: other, to: 'elsewhere' }),
    ]
    for (const change of changes) await expect(change).rejects.toMatchObject({ rejection })
  })

  test('an addition of what is there', async () => {
    await using node = await openNode(memory())
    const addition = { ...edit, ...content, path: 'present' }
    await node.get(File, 'present').add(addition)
    await expect(node.get(File, 'present').add(addition)).rejects.toMatchObject({
      rejection: 'already-there',
      details: { blob: content.blob },
    })
  })
})

describe('the keys of paths', () => {
  test('are the paths where they can be, and never the same for two', () => {
    const paths = oddPaths.map((path) => pathFromBytes(Buffer.from(path)))
    const keys = paths.map(keyOf)
    expect(new Set(keys).size).toBe(paths.length)
    expect(keys.every((key) => Buffer.byteLength(key) <= 200 && key.isWellFormed())).toBe(true)
    const standIns = keys.filter((key) => key.includes('//sha256:'))
    expect(standIns).toHaveLength(7)
    expect(standIns).toContainEqual(
      expect.stringMatching(/^caf\ufffd\.txt\/\/sha256:[0-9a-f]{64}$/),
    )
  })
})

describe('what git writes', () => {
  test('is cut in the same pieces, wherever the stream is cut', async () => {
    const written = Buffer.from('one\0\0three is longer\0\xff\0', 'latin1')
    for (const size of [1, 2, 3, 5, 8, 100]) {
      const pieces = await piecesOf(written, size)
      expect(pieces).toEqual(['one', '', 'three is longer', '\xff'])
    }
    await expect(piecesOf(Buffer.from('one\0tw'), 3)).rejects.toThrow(/in the middle of "tw"/)
  })

  test('is one commit after the other, as in rev-list', async () => {
    const ids = (await commitsOf(sample)).map(({ id }) => id)
    expect(ids).toEqual(await sampleMainLine())
  })

  test('does not depend on the configuration or the attributes of the user', async () => {
    const directory = join(folder.path, 'configured')
    await git(['clone', '--quiet', '--no-checkout', sample, directory])
    const settings = {
      'log.showRoot': 'false',
      'log.showSignature': 'true',
      'log.diffMerges': 'off',
      'log.decorate': 'full',
      'diff.renames': 'copies',
      'diff.renameLimit': '1',
      'diff.ignoreSubmodules': 'all',
      'diff.relative': 'true',
      'diff.noprefix': 'true',
      'color.ui': 'always',
      'core.quotePath': 'true',
      'core.attributesFile': join(directory, '.gitattributes'),
      'i18n.logOutputEncoding': 'UTF-16',
    }
    for (const [name, value] of Object.entries(settings))
      await git(['-C', directory, 'config', name, value])
    await writeFile(join(directory, '.gitattributes'), '* -diff\n')
    expect(await commitsOf(directory)).toEqual(await commitsOf(sample))
    const backend = memory()
    await importInto(backend, { directory })
    expect((await verify(backend, { directory })).differences).toEqual([])
  })
})

async function piecesOf(written: Buffer, size: number): Promise<string[]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < written.length; at += size) yield written.subarray(at, at + size)
  }
  const reader = new NulReader(chunks())
  const pieces: string[] = []
  for (let piece = await reader.next(); piece; piece = await reader.next())
    pieces.push(piece.toString('latin1'))
  return pieces
}

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(...args: string[]): Promise<Run> {
  let [stdout, stderr] = ['', '']
  const code = await runCommand(args, {
    print: (text) => (stdout += `${text}\n`),
    complain: (text) => (stderr += `${text}\n`),
  })
  return { code, stdout, stderr }
}

async function runProcess(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const main = join(import.meta.dirname, 'main.ts')
  const program = spawn(process.execPath, ['--conditions=aether-source', main, ...args], {
    cwd: folder.path,
    env: { ...process.env, ...env },
  })
  const exit = once(program, 'close') as Promise<[number | null]>
  const output = Promise.all([text(program.stdout), text(program.stderr)])
  const [[code], [stdout, stderr]] = await Promise.all([exit, output])
  return { code, stdout, stderr }
}

describe('the command line', () => {
  test('imports, verifies and sums up', async () => {
    const first = await runProcess(['sample.git', '--verify'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^ {2}commits +28\n {2}files +\d+ {2}\d+ exist now\n/)
    expect(first.stdout).toMatch(/most changed\n {2}\d {2}\S/)
    expect(first.stdout).toMatch(/\nequal\n$/)
    const second = await run(sample, '--backend', `sqlite:${join(folder.path, 'git-history.db')}`)
    expect(second.stdout).toContain(' 0 new in this run')
  })

  test('ends with 1 and the differences where something differs', async () => {
    const { code, stdout } = await run(sample, '--backend=memory', '--limit=9', '--verify')
    expect(code).toBe(1)
    expect(stdout).toMatch(/\ndifferent: \d+\n/)
    expect(stdout).toMatch(/\n {2}… and [\d,]+ more\n$/)
    expect(stdout.split('different:')[1]?.split('\n')).toHaveLength(23)
  })

  test('shows what is possible', async () => {
    const { code, stdout } = await run('--help')
    expect(code).toBe(0)
    expect(stdout).toContain('--backend')
  })

  test.each([
    ['no repository', ['/'], 1, '/ is not a git repository: .+'],
    ['no directory', ['nowhere'], 1, 'nowhere is not a git repository: .+'],
    ['an option for a ref', ['--ref', '--all'], 2, '.+ambiguous.+'],
    ['no such branch', ['--ref', 'nope'], 1, 'nope is no commit of .+'],
    ['an option as a ref', ['--ref=--all'], 1, '--all is no commit of .+'],
    ['an unknown backend', ['--backend', 'disk'], 2, '--backend "disk" is none of .+'],
    ['a backend without a file', ['--backend', 'sqlite:'], 2, '--backend "sqlite:" is none of .+'],
    ['a folder for a file', ['--backend', 'sqlite:.'], 1, '.+'],
    [
      'a limit of nothing',
      ['--limit', '0'],
      2,
      '--limit must be a whole number from 1, not "0" .+',
    ],
    ['an unknown option', ['--what'], 2, "Unknown option '--what' .+"],
    ['two repositories', ['a', 'b'], 2, 'one REPOSITORY, not 2 .+'],
  ])('says in one line what is wrong: %s', async (_what, args, code, complaint) => {
    const rest = args[0]?.startsWith('--') ? [sample] : []
    const stderr = expect.stringMatching(`^git-history: ${complaint}\n$`) as string
    const backend = args.includes('--backend') ? [] : ['--backend=memory']
    expect(await run(...backend, ...args, ...rest)).toEqual({ code, stdout: '', stderr })
  })

  test('says that there is no git', async () => {
    const { code, stderr } = await runProcess(['--backend=memory'], { PATH: '/nowhere' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^git-history: git can't be started: .*ENOENT.*\n$/)
  })
})
