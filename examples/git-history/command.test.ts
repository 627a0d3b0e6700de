import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { runCommand } from './command.ts'
import { sampleHistory } from './sample-history.ts'
import { makeRepository } from './sample-repository.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let sample: string

beforeAll(async () => {
  folder = await temporaryFolder()
  sample = join(folder.path, 'sample.git')
  await makeRepository(sample, sampleHistory)
})

afterAll(() => folder.remove())

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(...args: string[]): Promise<Run> {
  let [stdout, stderr] = ['', '']
  const code = await runCommand(args, {
    print: (text) => (stdout += `${text}\n`),
    complain: (text) => (stderr += `${text}\n`),
  })
  return { code, stdout, stderr }
}

async function runProcess(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const main = join(import.meta.dirname, 'main.ts')
  const program = spawn(process.execPath, ['--conditions=aether-source', main, ...args], {
    cwd: folder.path,
    env: { ...process.env, ...env },
  })
  const exit = once(program, 'close') as Promise<[number | null]>
  const output = Promise.all([text(program.stdout), text(program.stderr)])
  const [[code], [stdout, stderr]] = await Promise.all([exit, output])
  return { code, stdout, stderr }
}

describe('the command line', () => {
  test('imports, verifies and sums up', async () => {
    const first = await runProcess(['sample.git', '--verify'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^ {2}commits +28\n {2}files +\d+ {2}\d+ exist now\n/)
    expect(first.stdout).toMatch(/most changed\n {2}\d {2}\S/)
    expect(first.stdout).toMatch(
      /\nauthors, by lines\n {2}\+[\d,]+ +-\d+ +\d+ changes {2}Ada <ada@/,
    )
    expect(first.stdout).toMatch(/\nchanged together most often\n {2}\d {2}\S.* {2}\S/)
    expect(first.stdout).toMatch(/\nequal\n$/)
    const second = await run(sample, '--backend', `sqlite:${join(folder.path, 'git-history.db')}`)
    expect(second.stdout).toContain(' 0 new in this run')
  })

  test('ends with 1 and the differences where something differs', async () => {
    const { code, stdout } = await run(sample, '--backend=memory', '--limit=9', '--verify')
    expect(code).toBe(1)
    expect(stdout).toMatch(/\ndifferent: \d+\n/)
    expect(stdout).toMatch(/\n {2}… and [\d,]+ more\n$/)
    expect(stdout.split('different:')[1]?.split('\n')).toHaveLength(23)
  })

  test('shows what is possible', async () => {
    const { code, stdout } = await run('--help')
    expect(code).toBe(0)
    expect(stdout).toContain('--backend')
  })

  test.each([
    ['no repository', ['/'], 1, '/ is not a git repository: .+'],
    ['no directory', ['nowhere'], 1, 'nowhere is not a git repository: .+'],
    ['an option for a ref', ['--ref', '--all'], 2, '.+ambiguous.+'],
    ['no such branch', ['--ref', 'nope'], 1, 'nope is no commit of .+'],
    ['an option as a ref', ['--ref=--all'], 1, '--all is no commit of .+'],
    ['an unknown backend', ['--backend', 'disk'], 2, '--backend "disk" is none of .+'],
    ['a backend without a file', ['--backend', 'sqlite:'], 2, '--backend "sqlite:" is none of .+'],
    ['a folder for a file', ['--backend', 'sqlite:.'], 1, '.+'],
    [
      'a limit of nothing',
      ['--limit', '0'],
      2,
      '--limit must be a whole number from 1, not "0" .+',
    ],
    ['an unknown option', ['--what'], 2, "Unknown option '--what' .+"],
    ['two repositories', ['a', 'b'], 2, 'one REPOSITORY, not 2 .+'],
  ])('says in one line what is wrong: %s', async (_what, args, code, complaint) => {
    const rest = args[0]?.startsWith('--') ? [sample] : []
    const stderr = expect.stringMatching(`^git-history: ${complaint}\n$`) as string
    const backend = args.includes('--backend') ? [] : ['--backend=memory']
    expect(await run(...backend, ...args, ...rest)).toEqual({ code, stdout: '', stderr })
  })

  test('says that there is no git', async () => {
    const { code, stderr } = await runProcess(['--backend=memory'], { PATH: '/nowhere' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^git-history: git can't be started: .*ENOENT.*\n$/)
  })
})
