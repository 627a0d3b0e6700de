import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { repository } from '../checks/repository.ts'

const execute = promisify(execFile)
const compiler = join(repository, 'node_modules/typescript/bin/tsc')

/** Its `node_modules` is the repository's: for the copy that is packed, and for the shop. */
const folder = await mkdtemp(join(tmpdir(), 'aether-packed-'))
/** A project that has installed Aether. */
const shop = join(folder, 'shop')
/** Beside the sources: what is read. */
const pages = ['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md']
const texts = [...pages, 'docs', 'examples', 'bench/README.md', 'bench/results']
const installed = join(shop, 'node_modules/aether')
let packed: Packed

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

beforeAll(async () => {
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
  packed = await pack(join(folder, 'copy'))
  await mkdir(installed, { recursive: true })
  const tarball = join(folder, packed.filename)
  await execute('tar', ['-xf', tarball, '--strip-components=1', '-C', installed])
  await cp(join(import.meta.dirname, 'consumer.ts'), join(shop, 'consumer.ts'))
  await writeFile(join(shop, 'package.json'), '{ "type": "module" }')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** Builds and packs a copy, so that the repository's own `dist` is left alone. */
async function pack(copy: string): Promise<Packed> {
  const sources = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src']
  for (const name of [...sources, ...texts])
    await cp(join(repository, name), join(copy, name), { recursive: true })
  await runNode(copy, compiler, '--singleThreaded', '-p', 'tsconfig.build.json')
  const options = ['--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout } = await execute('npm', ['pack', ...options], { cwd: copy })
  const [result] = JSON.parse(stdout) as [Packed]
  return result
}

/** Runs a script by this very Node; what it prints. Rejects with what it printed if it fails. */
async function runNode(cwd: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(process.execPath, args, { cwd })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${stdout}${stderr}`, { cause: error })
  }
}

test('holds the build, the sources that it was made of and the texts, and no test of them', () => {
  const paths = packed.files.map(({ path }) => path)
  const others = paths.filter((path) => !/^(dist|src|docs|examples|bench)\//.test(path))
  expect(others.toSorted()).toEqual([...pages, 'package.json'])
  expect(paths).toEqual(
    expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'src/index.ts']),
  )
  expect(paths.filter((path) => /^(dist|src)\/.*\.test(-d)?\./.test(path))).toEqual([])
  const figures = /^bench\/(README|results\/[\d-]+)\.(md|svg)$/
  expect(paths.filter((path) => path.startsWith('bench/') && !figures.test(path))).toEqual([])
})

test('holds all that its pages lead to', async () => {
  const paths = packed.files.map(({ path }) => path)
  const dead: string[] = []
  for (const page of paths.filter((path) => /^(docs\/.*|[A-Z]+)\.md$/.test(path))) {
    const text = await readFile(join(installed, page), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)) {
      const target = posix.join(posix.dirname(page), link)
      const isThere = paths.some((path) => path === target || path.startsWith(`${target}/`))
      if (!isThere) dead.push(`${page}: ${link}`)
    }
  }
  expect(dead).toEqual([])
})

test.for(['node16', 'bundler'])('a consumer compiles with resolution %s', async (how) => {
  const module = how === 'bundler' ? 'esnext' : how
  const options = [
    '--singleThreaded',
    '--strict',
    '--noEmit',
    '--target',
    'es2022',
    '--types',
    'node',
  ]
  const resolution = ['--module', module, '--moduleResolution', how]
  await runNode(shop, compiler, ...options, ...resolution, 'consumer.ts')
})

test('a consumer runs, by Node and nothing else', async () => {
  expect(await runNode(shop, 'consumer.ts')).toBe('consumed\n')
})

test('aether --help runs', async () => {
  expect(await runNode(shop, join(installed, 'dist/cli/main.js'), '--help')).toContain('aether dev')
})
