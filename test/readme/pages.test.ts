import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { given } from 'aether/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'
import { completeLimits } from '../../src/actors/live/limits.ts'
import { help } from '../../src/cli/help.ts'
import { repository } from '../checks/repository.ts'
import { Document } from '../support/document.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { Extracted } from './extracted.ts'

const readme = await Document.read('README.md')
const testing = await Document.read('docs/testing.md')
const actors = await Document.read('docs/actors.md')
const projections = await Document.read('docs/projections.md')
const policies = await Document.read('docs/policies.md')
const bus = await Document.read('docs/bus.md')
const personalData = await Document.read('docs/personal-data.md')

describe('the code of the pages', () => {
  let extracted: Extracted

  beforeAll(async () => {
    const pages = [readme, testing, actors, projections, policies, bus, personalData]
    extracted = await Extracted.of('pages', ...pages)
  })
  afterAll(() => extracted[Symbol.asyncDispose]())

  test('compiles', () => extracted.compile())

  test('about testing passes', async () => {
    const files = ['account.test.ts', 'properties.test.ts', 'node.test.ts']
    const paths = files.map((file) => join(extracted.path, file))
    expect(await extracted.run(extracted.path, '--test', ...paths)).toContain('pass 4')
  })

  test('about actors prints what they print', async () => {
    await using home = await temporaryFolder()
    for (const name of ['shop', 'auction']) {
      const stdout = await extracted.run(home.path, join(extracted.path, `${name}.ts`))
      expect(stdout).toBe(actors.block(`text output=${name}.ts`))
    }
  })

  test('about the bus prints what they print', async () => {
    await using home = await temporaryFolder()
    const stdout = await extracted.run(home.path, join(extracted.path, 'news.ts'))
    expect(stdout).toBe(bus.block('text output=news.ts'))
  })

  test('about personal data prints what they print', async () => {
    await using home = await temporaryFolder()
    const stdout = await extracted.run(home.path, join(extracted.path, 'bookshop.ts'))
    expect(stdout).toBe(personalData.block('text output=bookshop.ts'))
  })

  test('about projections prints what they print', async () => {
    await using home = await temporaryFolder()
    for (const name of ['balances', 'sales']) {
      const stdout = await extracted.run(home.path, join(extracted.path, `${name}.ts`))
      expect(stdout).toBe(projections.block(`text output=${name}.ts`))
    }
  })

  test('about policies prints what they print', async () => {
    await using home = await temporaryFolder()
    const stdout = await extracted.run(home.path, join(extracted.path, 'delivery.ts'))
    expect(stdout).toBe(policies.block('text output=delivery.ts'))
  })
})

test('an expectation that is not met reads as the page shows', () => {
  const funded = given(Account, (on) => [
    on.Opened({ owner: 'Alice' }),
    on.Deposited({ amount: 10 }),
  ])
  const check = (): unknown =>
    funded.when('withdraw', { amount: 11 }).then((on) => on.Withdrawn({ amount: 11 }))
  expect(check).toThrow(testing.block('text output=unmet').trim())
})

test('the page of the command line shows its help', async () => {
  const page = await readFile(join(repository, 'docs/cli.md'), 'utf8')
  expect(page).toContain(help.trimEnd())
})

test('the limits of the page are those of the code', () => {
  const page = actors.text.matchAll(/^\| `(\w+)` \| ([\d,]+|none) \|/gm)
  const shown = Array.from(page, ([, name, value = '']) => [
    name,
    value === 'none' ? Infinity : Number(value.replaceAll(',', '')),
  ])
  expect(Object.fromEntries(shown)).toEqual(completeLimits())
})

describe('the page about orders', () => {
  test('shows the example as it is', async () => {
    const orders = await Document.read('docs/orders.md')
    const excerpts = orders.blocks.filter(({ language }) => language.startsWith('ts '))
    expect(excerpts).toHaveLength(8)
    for (const { language, text } of excerpts) {
      const file = language.replace('ts from=', '')
      expect(await readFile(join(repository, file), 'utf8')).toContain(text)
    }
  })

  test('prints what the example prints, in memory and the first time in a file', async () => {
    const orders = await Document.read('docs/orders.md')
    await using home = await temporaryFolder()
    const main = join(repository, 'examples/orders/main.ts')
    for (const file of [[], ['orders.db']]) {
      const stdout = await new Extracted('orders').run(home.path, main, ...file)
      expect(stdout).toBe(orders.block('text output=orders'))
    }
  })
})
