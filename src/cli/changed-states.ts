import type { Finding } from '../actors/index.ts'
import { parseActorId } from '../core/index.ts'
import { differencesBetween } from './actor/differences.ts'

type ChangedState = Extract<Finding, { kind: 'changed-state' }>

interface Group {
  readonly what: string
  readonly example: string
  count: number
}

/** Beyond that, each is told by itself. */
const maxGroups = 1_000

/** Changed states by what is other in them, for people: one new member would be a line for each actor. */
export class ChangedStates {
  readonly #groups = new Map<string, Group>()

  /** False where it belongs to no group, and there are too many. */
  add({ actorId, version, before, after }: ChangedState): boolean {
    const differences = differencesBetween(before, after)
    const places = [...new Set(differences.map(placeOf))].join(', ')
    const what = `${parseActorId(actorId).type}: ${places}`
    const group = this.#groups.get(what)
    if (group) group.count++
    else if (this.#groups.size >= maxGroups) return false
    else {
      const example = `${actorId}, version ${version}: ${differences.join(', ')}`
      this.#groups.set(what, { what, example, count: 1 })
    }
    return true
  }

  lines(): readonly string[] {
    return [...this.#groups.values()].map(({ what, example, count }) => {
      const actors = `${count.toLocaleString('en')} ${count === 1 ? 'actor' : 'actors'}`
      return `changed-state  ${actors} of ${what}. One of them is ${example}`
    })
  }
}

/** `$.fee is new`; items of lists are alike. */
function placeOf(difference: string): string {
  const path = difference.slice(0, difference.indexOf(': ')).replaceAll(/\.\d+(?=\.|$)/g, '.*')
  if (difference.includes(': nothing → ')) return `${path} is new`
  return difference.endsWith(' → nothing') ? `${path} is gone` : `${path} is another`
}
