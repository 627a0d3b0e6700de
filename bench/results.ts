import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import type { Outcome } from './comparison.ts'
import type { Group } from './group.ts'
import type { Measured, MeasuredGroup } from './measured.ts'
import { plot } from './plot.ts'
import { serverVersions } from './server-versions.ts'
import { tableOf } from './table.ts'

const folder = join(import.meta.dirname, 'results')

/** Keeps outcomes as lines of JSON, the machine's and one a group, and shows them as a table and a plot, in one file of each a day. */
export class Results {
  readonly #machine: Measured['machine']
  readonly #outcomes: Map<string, readonly Outcome[]>

  private constructor(machine: Measured['machine'], groups: readonly MeasuredGroup[]) {
    this.#machine = machine
    this.#outcomes = new Map(groups.map(({ name, outcomes }) => [name, outcomes]))
  }

  /** Goes on from the newest results, if they are of this machine and these versions. */
  static async open(): Promise<Results> {
    const machine = await describeMachine()
    const newest = await newestResults()
    const isSame = JSON.stringify(newest?.machine) === JSON.stringify(machine)
    return new Results(machine, isSame && newest ? newest.groups : [])
  }

  take(group: string, outcome: Outcome): void {
    const others = (this.#outcomes.get(group) ?? []).filter(({ name }) => name !== outcome.name)
    this.#outcomes.set(group, [...others, outcome])
  }

  /** Shows these groups in this order, and drops what is in none of them. */
  async save(all: readonly Group[]): Promise<void> {
    const groups = all.map((group) => this.#measuredIn(group))
    const measured: Measured = { machine: this.#machine, groups }
    const day = join(folder, new Date().toISOString().slice(0, 10))
    await mkdir(folder, { recursive: true })
    const lines = [measured.machine, ...groups].map((line) => `${JSON.stringify(line)}\n`)
    await writeFile(`${day}.ndjson`, lines.join(''))
    await writeFile(`${day}.md`, tableOf(measured, `${day.slice(-10)}.svg`))
    await writeFile(`${day}.svg`, plot(groups))
  }

  #measuredIn({ name, remarks, comparisonNames }: Group): MeasuredGroup {
    const known = this.#outcomes.get(name) ?? []
    const outcomes = comparisonNames.flatMap((each) => known.find((one) => one.name === each) ?? [])
    const unmeasured = comparisonNames.filter((each) => !known.some((one) => one.name === each))
    return { name, remarks, outcomes, unmeasured }
  }
}

async function newestResults(): Promise<Measured | undefined> {
  const files = await readdir(folder).catch(() => [])
  const newest = files
    .filter((file) => file.endsWith('.ndjson'))
    .toSorted()
    .at(-1)
  if (newest === undefined) return undefined
  const lines = (await readFile(join(folder, newest), 'utf8')).trimEnd().split('\n')
  const [machine, ...groups] = lines.map((line): unknown => JSON.parse(line))
  return { machine, groups } as Measured
}

async function describeMachine(): Promise<Measured['machine']> {
  return {
    processor: `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'an unknown kind'}`,
    system: `${process.platform} ${process.arch}`,
    Node: process.versions.node,
    SQLite: process.versions['sqlite'] ?? 'unknown',
    ...(await serverVersions()),
  }
}
