import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CliProcess, runCli } from '../support/cli.ts'
import { Document } from '../support/document.ts'
import { curl, Extracted, runNode } from './extracted.ts'

const page = await Document.read('docs/first-actor.md')

/** The words behind `aether` in the command line of a block. */
function argumentsOf(language: string): readonly string[] {
  return page.block(language).trim().replace('npx aether ', '').split(' ')
}

test('whoever follows "Your first actor" sees what it prints', async () => {
  await using home = await Extracted.of('first-actor', page)
  const { path } = home
  const changed = join(path, 'changed')
  await copyFile(join(path, 'main.ts'), join(changed, 'main.ts'))
  await home.compile()

  // The files are left where they are; what is stored is shared.
  const work = join(path, 'work')
  await mkdir(work)
  const main = join(path, 'main.ts')
  for (const _time of [1, 2])
    expect(await runNode(work, main)).toBe(page.block('text output=main.ts'))

  const dev = argumentsOf('sh dev').map((word) =>
    word === 'account.ts' ? join(path, word) : word.replace('4040', '0'),
  )
  await using node = new CliProcess(dev, work)
  const url = await node.listening()
  expect(page.exchanges).toHaveLength(2)
  for (const { line, answer } of page.exchanges) expect(await curl(line, url)).toBe(answer)
  await node.end('SIGTERM')

  expect(await runNode(work, '--test', join(path, 'account.test.ts'))).toContain('pass 2')

  const check = argumentsOf('sh check').map((word) =>
    word === 'account.ts' ? join(changed, word) : word,
  )
  const { code, stderr, stdout } = await runCli(check, work)
  expect(stdout + stderr).toBe(page.block('text output=check'))
  expect(code).toBe(0)
  const tested = await runNode(work, '--test', join(changed, 'account.test.ts'))
  expect(tested).toContain('pass 2')
  const after = await runNode(work, join(changed, 'main.ts'))
  expect(after).toBe(page.block('text output=changed/main.ts'))
})
