import { join } from 'node:path'
import { type Backend, type Node, open } from 'aether'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backendKinds, type BackendSource } from '../../test/support/backend-kinds.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { Authors, busiestAuthors } from './authors.ts'
import { closestFiles, Commits } from './commits.ts'
import { File } from './file.ts'
import { importHistory, importLimits } from './import.ts'
import { Repository } from './repository.ts'
import { makeRepository, type SampleCommit } from './sample-repository.ts'

const ada = 'Ada <ada@example.org>'
const bob = 'Bob <bob@example.org>'
const cyd = 'Cyd <cyd@example.org>'
const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}/${String(i).padStart(2, '0')}`)

function commit(
  author: string,
  name: string,
  files: readonly string[],
  content: string | Buffer = `${name}\n`,
): SampleCommit {
  const changes = files.map((put) => ({ put, content }))
  return { name, author: Buffer.from(author), changes }
}

const history: readonly SampleCommit[] = [
  commit(ada, 'one', ['a', 'b']),
  commit(ada, 'two', ['b', 'a', 'c']),
  commit(bob, 'three', ['a', 'b']),
  commit(bob, 'four', ['b', 'c']),
  commit(ada, 'few', names('few', 20)),
  commit(ada, 'few again', names('few', 20)),
  commit(bob, 'many', [...names('many', 21), 'a', 'b']),
  commit(bob, 'picture', ['picture'], Buffer.from([0, 1])),
  { name: 'renamed', author: Buffer.from(cyd), changes: [{ move: 'few/00', to: 'moved' }] },
  { name: 'and back', author: Buffer.from(cyd), changes: [{ move: 'moved', to: 'few/00' }] },
  { name: 'deleted', author: Buffer.from(cyd), changes: [{ remove: 'few/00' }] },
]

const authors = [
  { name: ada, added: 45, deleted: 22, changes: 45 },
  { name: bob, added: 27, deleted: 6, changes: 28 },
  { name: cyd, added: 0, deleted: 1, changes: 3 },
]

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let directory: string

beforeAll(async () => {
  folder = await temporaryFolder()
  directory = join(folder.path, 'views.git')
  await makeRepository(directory, history)
})

afterAll(() => folder.remove())

function openNode(backend: Backend): Promise<Node<typeof File>> {
  const projections = [Authors, Commits]
  return open({ backend, actors: [File], projections, limits: importLimits })
}

async function importInto(node: Node<typeof File>): Promise<void> {
  const repository = await Repository.open(directory)
  const tip = await repository.commitId('HEAD')
  const { position } = await importHistory(node, { repository, tip })
  for (const view of [Authors, Commits])
    await node.projection(view).reached(position, { timeoutMs: 60_000 })
}

const kinds = backendKinds.filter(({ name }) => name === 'memory' || name === 'sqlite')

describe.each(kinds)('the views of a history in $name', (kind) => {
  let source: BackendSource
  let node: Node<typeof File>
  beforeAll(async () => {
    source = await kind.start()
    node = await openNode(source.fresh())
    await importInto(node)
  })
  afterAll(async () => {
    await node[Symbol.asyncDispose]()
    await source[Symbol.asyncDispose]()
  })

  test('say who changed how many lines', async () => {
    expect(await busiestAuthors(node, 9)).toEqual(authors)
    expect(await busiestAuthors(node, 1)).toEqual(authors.slice(0, 1))
  })

  test('say which files change together, but for commits of very many', async () => {
    const pairs = await closestFiles(node, 1_000)
    expect(pairs.slice(0, 2)).toEqual([
      { files: ['a', 'b'], commits: 3 },
      { files: ['b', 'c'], commits: 2 },
    ])
    // Each of the 20 with each other one; none of the 21.
    expect(pairs).toHaveLength(2 + (20 * 19) / 2)
    expect(pairs.flatMap(({ files }) => files).filter((file) => file.startsWith('many'))).toEqual(
      [],
    )
  })

  test('count nothing twice when the history is imported again', async () => {
    const pairs = await closestFiles(node, 1_000)
    await importInto(node)
    expect(await busiestAuthors(node, 9)).toEqual(authors)
    expect(await closestFiles(node, 1_000)).toEqual(pairs)
  })
})
