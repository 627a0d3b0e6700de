import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { repository } from '../checks/repository.ts'
import { CliProcess } from '../support/cli.ts'
import { Document, withoutChance } from '../support/document.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { curl, Extracted } from './extracted.ts'

const readme = await Document.read('README.md')

describe('the code of the README', () => {
  let extracted: Extracted

  beforeAll(async () => {
    extracted = await Extracted.of('readme', readme)
  })
  afterAll(() => extracted[Symbol.asyncDispose]())

  test('compiles', () => extracted.compile())

  test('prints what the README prints', async () => {
    await using home = await temporaryFolder()
    const stdout = await extracted.run(home.path, join(extracted.path, 'main.ts'))
    expect(stdout).toBe(readme.block('text output=main.ts'))
  })

  test('prints what follows from an event', async () => {
    await using home = await temporaryFolder()
    const stdout = await extracted.run(home.path, join(extracted.path, 'after.ts'))
    expect(stdout).toBe(readme.block('text output=after.ts'))
  })

  test('tests what the README tests', async () => {
    const stdout = await extracted.run(
      extracted.path,
      '--test',
      join(extracted.path, 'bank.test.ts'),
    )
    expect(stdout).toContain('pass 1')
  })
})

test('the curl lines of the README give the answers that it prints', async () => {
  await using home = await temporaryFolder()
  const bank = join(repository, 'examples/bank/bank.ts')
  await using node = new CliProcess(
    ['dev', bank, '--backend', 'sqlite:bank.db', '--port', '0'],
    home.path,
  )
  const url = await node.listening()
  expect(readme.exchanges).toHaveLength(6)
  for (const { line, answer } of readme.exchanges)
    expect(withoutChance(await curl(line, url))).toBe(answer)
})
