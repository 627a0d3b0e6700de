import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { CliProcess, onTerminal, runCli } from '../support/cli.ts'
import { Document } from '../support/document.ts'
import { send } from '../support/http-client.ts'
import { until } from '../support/until.ts'
import { Extracted } from './extracted.ts'

const page = await Document.read('docs/operations.md')
const run = promisify(execFile)

/** What differs from run to run is the same in all, and columns may be wider. */
function withoutChance(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b\d+ (s|min|h)\b/g, 'LONG')
    .replaceAll(/\b(once|\d+ times): /g, 'TIMES: ')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/ $/gm, '')
    .trim()
}

/** A line of a shell in words: quotes keep some together. */
function wordsOf(line: string): readonly string[] {
  return Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, word = '']) => quoted ?? word)
}

/** The commands of the page, run in a folder against a node that is there. */
class Runbook {
  readonly #folder: string
  url = ''

  constructor(folder: string) {
    this.#folder = folder
  }

  /** The command of this name, and what the page says that it prints. */
  find(name: string): { readonly line: string; readonly output: string } {
    const index = page.blocks.findIndex(({ language }) => language === `sh run=${name}`)
    const [command, output] = page.blocks.slice(index, index + 2)
    if (index < 0 || !command) throw new Error(`the page has no command ${name}`)
    const isShown = output?.language === 'text output'
    return { line: command.text.trim(), output: isShown ? output.text : '' }
  }

  async run(line: string): Promise<string> {
    const here = line.replace('http://127.0.0.1:4040', this.url)
    const [program, ...args] = wordsOf(here)
    const options = { cwd: this.#folder }
    if (program !== 'aether') return (await run('sh', ['-c', here], options)).stdout
    const { stdout, stderr, code } = await runCli(args, this.#folder, onTerminal)
    expect(code, stderr).toBe(0)
    return stdout + stderr
  }

  /** Does once what a command of the page does. */
  async does(name: string): Promise<void> {
    const { line, output } = this.find(name)
    expect(withoutChance(await this.run(line))).toBe(withoutChance(output))
  }

  /** Looks until a command prints what the page says. */
  async shows(name: string): Promise<void> {
    const { line, output } = this.find(name)
    await until(
      async () => {
        expect(withoutChance(await this.run(line))).toBe(withoutChance(output))
        return true
      },
      { description: `${line} prints what the page says`, timeoutMs: 300_000 },
    )
  }

  async post(order: string, command: string, input: object): Promise<void> {
    const body = JSON.stringify(input)
    await send(this.url, 'POST', `/actors/order/${order}/${command}`, { body })
  }

  place(order: string, total: number): Promise<void> {
    return this.post(order, 'place', { total })
  }

  async get(path: string): Promise<unknown> {
    return (await send(this.url, 'GET', path)).json
  }
}

test('whoever follows "Running it" sees what it prints', async () => {
  await using home = await Extracted.of('operations', page)
  const book = new Runbook(home.path)
  const dev = ['dev', 'till.ts', '--backend', 'sqlite:shop.db', '--port', '0']
  {
    await using node = new CliProcess(dev, home.path)
    book.url = await node.listening()

    await book.place('o-2', 7)
    await book.place('o-1', -5)
    await book.shows('parked')
    await book.does('retry')
    await book.shows('skip') // once it was tried again

    await book.place('o-3', -1)
    await book.place('o-4', -2)
    await book.shows('failed')

    for (let failures = 0; failures < 10; failures++) await book.post('o-9', 'audit', {})
    await book.does('quarantine')
    await book.does('history')
    await book.does('resume')

    await book.place('o-10', 1_001)
    await book.shows('reminders')
    await book.does('unschedule')

    const { line: info, output } = book.find('info')
    const firstWords = (text: string) => Array.from(text.matchAll(/^\S+/gm), ([word]) => word)
    expect(firstWords(await book.run(info))).toEqual(firstWords(output))

    const beside = 'aether projection ls till.ts --backend sqlite:shop.db'
    const isStored = async () =>
      expect(await book.run(beside)).toMatch(/^audit-large +policy +\S+ +1 +1 +5 /m)
    await until(() => isStored().then(() => true), { description: 'how far all are is stored' })

    await book.does('backup')
    await book.does('verify')
    await book.place('o-11', 6)
    const isSeen = async () =>
      expect(await book.get('/projections/sales')).toMatchObject({ position: 6 })
    await until(() => isSeen().then(() => true), { description: 'the sale is written' })
    await node.end('SIGTERM')
  }
  await book.does('replace')
  await book.does('lost')
  await book.shows('ahead')
  await book.does('rebuild')
  await book.does('check')
}, 1_200_000)

test('each command that it shows is run', () => {
  const shown = page.blocks.filter(({ language }) => /^sh\b/.test(language))
  expect(shown.length).toBeGreaterThan(15)
  expect(shown.filter(({ language }) => !language.startsWith('sh run='))).toEqual([])
})
