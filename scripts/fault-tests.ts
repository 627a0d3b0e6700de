/**
 * Runs everything that breaks Aether on purpose, one after the other, and writes what each printed into
 * docs/fault-tests.md.
 *
 *     npm run fault-tests               all of it, some 40 minutes
 *     npm run fault-tests -- nats-r3    what has these words in its command; the rest of the page stays
 *
 * The exit code is 1 where one found what must not be, or a control found nothing.
 */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { text } from 'node:stream/consumers'
import { type FaultTest, faultTests } from './fault-tests/fault-tests.ts'
import { FaultTestPage } from './fault-tests/fault-test-page.ts'

const file = new URL('../docs/fault-tests.md', import.meta.url)
const words = process.argv.slice(2)
const chosen = faultTests.filter(({ command }) => words.every((word) => command.includes(word)))
if (chosen.length === 0) {
  console.error(`none has ${words.join(' and ')} in its command`)
  process.exit(2)
}

const machine = `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown kind'}, Node ${process.versions.node}`
const mostLines = 36
const page = FaultTestPage.of(await readFile(file, 'utf8').catch(() => ''))
for (const each of chosen) {
  console.log(`npm run ${each.command}`)
  const { isAsItMustBe, printed, seconds } = await run(each)
  console.log(printed)
  if (!isAsItMustBe) process.exitCode = 1
  const date = new Date().toISOString().slice(0, 10)
  page.put(each, { printed, measured: `${date}, ${seconds} s, ${machine}`, isAsItMustBe })
  await writeFile(file, page.text())
}

interface Run {
  readonly printed: string
  readonly seconds: number
  readonly isAsItMustBe: boolean
}

async function run({ command, isControl }: FaultTest): Promise<Run> {
  const begin = performance.now()
  const child = spawn('npm', ['run', '--silent', ...command.split(' ')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const printed = withoutLog(await text(child.stdout))
  const exitCode = await ended
  return {
    printed,
    seconds: Math.round((performance.now() - begin) / 1_000),
    isAsItMustBe: exitCode === (isControl ? 1 : 0),
  }
}

/** What it came to, without what happened when. Of many findings the first ones. */
function withoutLog(printed: string): string {
  const lines = printed
    .trim()
    .split('\n')
    .filter((line) => !/^ {2}\d+\.\d s: /.test(line))
  const left = lines.length - mostLines
  if (left <= 0) return lines.join('\n')
  return [...lines.slice(0, mostLines - 1), `… ${left} lines more`, ...lines.slice(-1)].join('\n')
}
