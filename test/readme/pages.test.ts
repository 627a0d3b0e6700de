import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { given } from 'aether/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'
import { completeLimits } from '../../src/actors/live/limits.ts'
import { help } from '../../src/cli/help.ts'
import { Node } from '../../src/node/index.ts'
import { repository } from '../checks/repository.ts'
import { Document } from '../support/document.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { Extracted, runNode } from './extracted.ts'
import { writeFragments } from './fragments.ts'

/** But for `first-actor.md`, which is followed step by step in a test of its own. */
const names = await Array.fromAsync(
  glob(['README.md', 'docs/*.md'], { cwd: repository, exclude: ['docs/first-actor.md'] }),
)
const pages = await Promise.all(names.toSorted().map((name) => Document.read(name)))
const pageOf = (name: string): Document => pages.find((page) => page.name === name)!

describe('the files that pages show', () => {
  let extracted: Extracted
  beforeAll(async () => {
    extracted = await Extracted.of('pages', ...pages)
  })
  afterAll(() => extracted[Symbol.asyncDispose]())

  test('compile', () => extracted.compile())

  const outputs = pages.flatMap((page) =>
    [...page.named('text output')].filter(([file]) => page.named('ts file').has(file)),
  )
  test('are found', () => expect(outputs.length).toBeGreaterThan(7))
  test.for(outputs)('print what the page says: %s', async ([file, output]) => {
    await using home = await temporaryFolder()
    expect(await runNode(home.path, join(extracted.path, file))).toBe(output)
  })

  test('pass, where they are tests', async () => {
    const tests = pages
      .flatMap((page) => [...page.named('ts file')])
      .filter(([file]) => file.endsWith('.test.ts'))
    const count = tests.flatMap(([, text]) => text.match(/^test\(/gm) ?? []).length
    const paths = tests.map(([file]) => join(extracted.path, file))
    expect(await runNode(extracted.path, '--test', ...paths)).toContain(`pass ${count}\n`)
  })
})

test('the fragments of pages compile, with what they take for granted', async () => {
  const lenient = { noUnusedLocals: false, noImplicitReturns: false }
  const write = async (folder: string): Promise<void> => {
    for (const page of pages) await writeFragments(page, folder)
  }
  await using fragments = await Extracted.by('fragments', write, lenient)
  await fragments.compile()
})

describe('what pages show of the examples is there', () => {
  const excerpts = pages.flatMap((page) =>
    page.blocks.flatMap(({ language, text }) => {
      const [, file] = /^ts from=(.*)$/.exec(language) ?? []
      return file === undefined ? [] : [{ page: page.name, file, text }]
    }),
  )
  test.for(excerpts)('$page: $file', async ({ file, text }) => {
    expect(await readFile(join(repository, file), 'utf8')).toContain(text)
  })
})

test('an expectation that is not met reads as the page shows', () => {
  const funded = given(Account, (on) => [
    on.Opened({ owner: 'Alice' }),
    on.Deposited({ amount: 10 }),
  ])
  const check = (): unknown =>
    funded.when('withdraw', { amount: 11 }).then((on) => on.Withdrawn({ amount: 11 }))
  expect(check).toThrow(pageOf('docs/testing.md').block('text output=unmet').trim())
})

test('the page of the command line shows its help', () => {
  expect(pageOf('docs/cli.md').text).toContain(help.trimEnd())
})

test('the page about actors names whatever a node can do', () => {
  const [, behind = ''] = pageOf('docs/actors.md').text.split('\n## The node\n')
  const [table = ''] = behind.split('\n### ')
  const members = Object.getOwnPropertyNames(Node.prototype).filter(
    (name) => name !== 'constructor',
  )
  const isNamed = (name: string): boolean => new RegExp(`\`${name}\\b`).test(table)
  expect(members.filter((name) => !isNamed(name))).toEqual([])
})

test('the limits of the page are those of the code', () => {
  const page = pageOf('docs/actors.md').text.matchAll(/^\| `(\w+)` \| ([\d,]+|none) \|/gm)
  const shown = Array.from(page, ([, name, value = '']) => [
    name,
    value === 'none' ? Infinity : Number(value.replaceAll(',', '')),
  ])
  expect(Object.fromEntries(shown)).toEqual(completeLimits())
})

test('the page about orders prints what the example prints, in memory and the first time in a file', async () => {
  await using home = await temporaryFolder()
  const main = join(repository, 'examples/orders/main.ts')
  const output = pageOf('docs/orders.md').block('text output=orders')
  for (const file of [[], ['orders.db']])
    expect(await runNode(home.path, main, ...file)).toBe(output)
})
