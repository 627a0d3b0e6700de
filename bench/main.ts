import type { Group } from './group.ts'
import { jetStreamAppendGroup } from './jetstream-appends.ts'
import { jetStreamReadGroup } from './jetstream-reads.ts'
import { Results } from './results.ts'
import { rivalGroups } from './rivals/index.ts'
import { isTrial } from './scale.ts'
import { sqliteGroup } from './sqlite.ts'
import { rowOf } from './table.ts'

/**
 * `npm run bench -- [word] [rounds] [--trial]` runs the comparisons that have the word in their name
 * or their group's, and puts them in the place of what was measured before.
 */
const [word = '', rounds = '5'] = process.argv.slice(2).filter((text) => !text.startsWith('--'))
const groups: readonly Group[] = [
  sqliteGroup,
  jetStreamAppendGroup,
  jetStreamReadGroup,
  ...rivalGroups,
]

/** Fewer rounds say nothing that should be kept. */
const minRounds = 5
const isKept = !isTrial && Number(rounds) >= minRounds
const results = await Results.open()

for (const { name, remarks, run } of groups) {
  await run(word, Number(rounds), (outcome) => {
    console.log(`${name}: ${rowOf(outcome)}`)
    results.take(name, remarks, outcome)
  })
  if (isKept) await results.save(groups.map((group) => group.name))
}
if (!isKept) console.log(`Nothing kept: that takes ${minRounds} rounds, and no --trial.`)
