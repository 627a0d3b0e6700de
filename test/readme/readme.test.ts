import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CliProcess } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const readme = await readFile(join(root, 'README.md'), 'utf8')

interface Block {
  readonly language: string
  readonly text: string
}

const blocks: readonly Block[] = Array.from(
  readme.matchAll(/^```(.*)\n([^]*?)^```$/gm),
  ([, language = '', text = '']) => ({
    language,
    text,
  }),
)

function block(language: string): string {
  const found = blocks.find((each) => each.language === language)
  if (!found) throw new Error(`the README has no block ${language}`)
  return found.text
}

describe('the code of the README', () => {
  // Inside the project, so that its imports find what an application's would.
  const folder = join(import.meta.dirname, 'extracted')

  beforeAll(async () => {
    await mkdir(folder, { recursive: true })
    for (const name of ['bank.ts', 'main.ts'])
      await writeFile(join(folder, name), block(`ts file=${name}`))
    const config = { extends: '../../../tsconfig.json', include: ['*.ts'] }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('compiles', async () => {
    const compiled = run(join(root, 'node_modules/.bin/tsc'), ['--project', folder])
    await compiled.catch(({ stdout }: { stdout: string }) => expect.fail(stdout))
  })

  test('prints what the README prints', async () => {
    await using home = await temporaryFolder()
    const main = join(folder, 'main.ts')
    const { stdout } = await run(process.execPath, ['--conditions=aether-source', main], {
      cwd: home.path,
    })
    expect(stdout).toBe(block('text output=main.ts'))
  })
})

describe('the curl lines of the README', () => {
  const exchanges = blocks.flatMap(({ language, text }, index) =>
    language === 'sh' && text.startsWith('curl ')
      ? [{ line: text.trim(), answer: blocks[index + 1] }]
      : [],
  )

  test('give the answers that the README prints', async () => {
    await using home = await temporaryFolder()
    const bank = join(root, 'examples/bank/bank.ts')
    await using node = new CliProcess(
      ['dev', bank, '--backend', 'sqlite:bank.db', '--port', '0'],
      home.path,
    )
    const url = await node.listening()
    expect(exchanges).toHaveLength(6)
    for (const { line, answer } of exchanges) {
      const { stdout } = await run('sh', [
        '-c',
        line.replace('http://127.0.0.1:4040', url).replace('curl', 'curl -sS'),
      ])
      expect(answer?.language).toBe('json')
      expect(withoutChance(stdout)).toBe(answer?.text.trim())
    }
  })

  /** Ids and times differ from run to run: the README has … for them. */
  function withoutChance(text: string): string {
    return text.replaceAll(/"(id|time|commandDigest)":"[^"]*"/g, '"$1":"…"')
  }
})
