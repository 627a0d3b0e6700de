import { groups } from './groups.ts'
import { Results } from './results.ts'
import { runApart } from './run-apart.ts'
import { isTrial } from './scale.ts'
import { rowOf } from './table.ts'

/**
 * `npm run bench -- [word] [rounds] [--trial]` runs the comparisons that have the word in their name
 * or their group's, and puts them in the place of what was measured before.
 */
const [word = '', rounds = '5'] = process.argv.slice(2).filter((text) => !text.startsWith('--'))

/** Fewer rounds say nothing that should be kept. */
const minRounds = 5
const isKept = !isTrial && Number(rounds) >= minRounds
const results = await Results.open()
const failed: string[] = []
const save = async (): Promise<void> => {
  if (isKept) await results.save(groups)
}

for (const group of groups.filter(({ has }) => has(word))) {
  const order = { group: group.name, word, rounds: Number(rounds) }
  try {
    await runApart(order, (outcome) => {
      console.log(`${group.name}: ${rowOf(outcome)}`)
      results.take(group.name, outcome)
    })
  } catch (error) {
    console.error(error)
    failed.push(group.name)
  }
  await save()
}
await save() // also shows anew what was kept, where nothing has the word
if (!isKept) console.log(`Nothing kept: that takes ${minRounds} rounds, and no --trial.`)

if (failed.length > 0) {
  console.error(`Not complete: ${failed.join('; ')}`)
  process.exitCode = 1
}
