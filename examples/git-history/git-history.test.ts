import { join } from 'node:path'
import { type Backend, CommandRejectedError, type Node, open } from 'aether'
import { memory } from 'aether/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backendKinds, type BackendSource } from '../../test/support/backend-kinds.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { File } from './file.ts'
import { importHistory, type ImportProgress, importLimits } from './import.ts'
import { keyOf, pathFromBytes, pathToBytes } from './path.ts'
import { Problem } from './problem.ts'
import { Repository } from './repository.ts'
import { oddPaths, sampleHistory, submoduleAt } from './sample-history.ts'
import { addCommits, git, makeRepository } from './sample-repository.ts'
import { surveyEvents } from './survey.ts'
import { type Verification, verifyHistory } from './verify.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
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

/** The commit with that number, counted from the first, which is 1. */
async function sampleCommit(number: number): Promise<string> {
  const mainLine = await git(['-C', sample, 'rev-list', '--first-parent', '--reverse', 'HEAD'])
  return mainLine.split('\n')[number - 1] ?? ''
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
      const { state } = await node.state(node.get(File, keyOf(pathFromBytes(bytes))))
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
    expect((await node.state(node.get(File, 'turns to text'))).state).toMatchObject({
      lines: null,
      added: 1,
    })
    expect(await historyOf('logo.png')).toMatchObject([
      { type: 'Added', added: null, deleted: null },
      { type: 'Modified', added: null, deleted: null },
      { type: 'Renamed', lines: null },
    ])
  })

  test('may be a link or a submodule', async () => {
    await using node = await openNode(backend)
    const submodule = { mode: '160000', blob: submoduleAt, lines: 1, changes: 2 }
    expect((await node.state(node.get(File, 'vendor/library'))).state).toMatchObject(submodule)
    expect((await node.state(node.get(File, 'a'))).state).toMatchObject({ mode: '120000' })
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
      const { mode, blob: before } = (await node.state(node.get(File, 'empty'))).state
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
