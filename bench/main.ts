import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { compare, type Comparison, type Outcome } from './comparison.ts'
import { jetStreamComparisons } from './jetstream.ts'
import { sqliteComparisons } from './sqlite.ts'

const comparisons: readonly Comparison[] = [...sqliteComparisons, ...jetStreamComparisons]

/** `npm run bench -- sqlite` runs those whose name has the word. */
const [word = '', rounds = '5'] = process.argv.slice(2)
const chosen = comparisons.filter(({ name }) => name.toLowerCase().includes(word.toLowerCase()))

const lines = [
  `Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown kind'}, ` +
    `${new Date().toISOString().slice(0, 10)}, medians of ${rounds} rounds`,
  '',
  '| | ours | reference | ratio | at least | |',
  '|---|---|---|---|---|---|',
]
for (const comparison of chosen) {
  const outcome = await compare(comparison, Number(rounds))
  lines.push(rowOf(outcome))
  console.log(lines.at(-1))
}

if (word === '') {
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, `${new Date().toISOString().slice(0, 10)}.md`),
    `${lines.join('\n')}\n`,
  )
}

function rowOf({ name, unit, ours, reference, ratio, target }: Outcome): string {
  const isMissed = target !== undefined && ratio < target
  const cells = [name, speed(ours, unit), speed(reference, unit), `${ratio.toFixed(2)} ×`]
  return `| ${[...cells, target === undefined ? '' : `${target} ×`, isMissed ? 'missed' : ''].join(' | ')} |`
}

function speed(perSecond: number, unit: string): string {
  return `${Math.round(perSecond).toLocaleString('en')} ${unit}/s`
}
