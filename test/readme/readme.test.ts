import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from '../checks/repository.ts'
import { CliProcess } from '../support/cli.ts'
import { Document, withoutChance } from '../support/document.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { curl } from './extracted.ts'

const readme = await Document.read('README.md')

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
