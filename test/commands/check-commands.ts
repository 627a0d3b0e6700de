import { isDeepStrictEqual } from 'node:util'
import type { StoredEvent } from 'aether'
import type { Answer, Told } from './bank-client.ts'
import type { BankCommand } from './bank-command.ts'

/** A command, and everything that clients were told about it. */
export interface ToldCommand {
  readonly command: BankCommand
  readonly answers: readonly Answer[]
}

export interface CommandEvidence {
  readonly commands: readonly ToldCommand[]
  /** All that is stored. */
  readonly log: readonly StoredEvent[]
  /** Every account that was asked, as a node says in the end. */
  readonly looks: readonly Told[]
}

/**
 * Holds what clients were told against what is stored: each command that was done is there once and
 * whole, each that was refused not at all, and every balance that was told is that of its version.
 * Nothing: all is right.
 */
export function checkCommands({ commands, log, looks }: CommandEvidence): string[] {
  const stored = Map.groupBy(log, ({ metadata }) => metadata['commandId'] ?? 'none')
  const known = new Set(commands.map(({ command }) => command.commandId))
  const unknown = [...stored.keys()].filter((commandId) => !known.has(commandId))
  const balances = new Balances(log)
  return [
    ...unknown.map((commandId) => `${commandId} is stored, but nobody sent it`),
    ...balances.findings,
    ...commands.flatMap((told) => checkCommand(told, stored, balances)),
    ...checkLooks(looks, balances),
    ...checkTotal(commands, balances),
  ]
}

/** What each account had after each of its events. */
class Balances {
  readonly findings: string[] = []
  readonly #histories = new Map<string, number[]>()

  constructor(log: readonly StoredEvent[]) {
    for (const { actorId, version, type, data } of log) {
      const history = this.#histories.get(actorId) ?? []
      this.#histories.set(actorId, history)
      if (version !== history.length + 1)
        this.findings.push(`${actorId} has version ${version} behind ${history.length}`)
      const { cents } = data as { cents: number }
      history.push((history.at(-1) ?? 0) + (type === 'Deposited' ? cents : -cents))
      if ((history.at(-1) ?? 0) < 0) this.findings.push(`${actorId} is below zero at ${version}`)
    }
  }

  at(actorId: string, version: number): number | undefined {
    return version === 0 ? 0 : this.#histories.get(actorId)?.[version - 1]
  }

  get newest(): Told[] {
    return Array.from(this.#histories, ([actorId, history]) => {
      return { actorId, version: history.length, cents: history.at(-1) ?? 0 }
    })
  }
}

function checkCommand(
  { command, answers }: ToldCommand,
  stored: ReadonlyMap<string, readonly StoredEvent[]>,
  balances: Balances,
): string[] {
  const { commandId } = command
  const events = stored.get(commandId) ?? []
  const [done, ...others] = answers.filter(({ is }) => is === 'done')
  if (!done) return events.length > 0 ? [`${commandId} was refused, but is stored`] : []
  const found = events.map(({ actorId, type, data }) => ({ actorId, type, data }))
  if (!isDeepStrictEqual(found, effectsOf(command)))
    return [`${commandId} was done, but what is stored is ${JSON.stringify(found)}`]
  const effects = done.is === 'done' ? done.effects : []
  const places = events.map(({ actorId, version }) => {
    return { actorId, version, cents: balances.at(actorId, version) }
  })
  if (!isDeepStrictEqual(effects, places)) {
    const [told, place] = [JSON.stringify(effects), JSON.stringify(places)]
    return [`${commandId} was told to have led to ${told}, but it led to ${place}`]
  }
  return others
    .filter((other) => !isDeepStrictEqual(other, done))
    .map((other) => `${commandId} was answered ${JSON.stringify([done, other])}`)
}

/** The events of a command, in the order of the log. */
function effectsOf(command: BankCommand): unknown[] {
  const data = { cents: command.cents }
  if (command.kind !== 'transfer') {
    const type = command.kind === 'deposit' ? 'Deposited' : 'Withdrawn'
    return [{ actorId: `account-${command.account}`, type, data }]
  }
  return [
    { actorId: `account-${command.from}`, type: 'Withdrawn', data },
    { actorId: `account-${command.to}`, type: 'Deposited', data },
  ]
}

/** Every account that has events was looked at, and is what its events make of it. */
function checkLooks(looks: readonly Told[], balances: Balances): string[] {
  const byId = (all: readonly Told[]): Map<string, Told> =>
    new Map(all.map((each) => [each.actorId, each]))
  const [seen, newest] = [byId(looks.filter(({ version }) => version > 0)), byId(balances.newest)]
  return [...new Set([...seen.keys(), ...newest.keys()])]
    .filter((actorId) => !isDeepStrictEqual(seen.get(actorId), newest.get(actorId)))
    .map((actorId) => {
      const [look, events] = [seen.get(actorId), newest.get(actorId)].map((told) =>
        JSON.stringify(told),
      )
      return `${actorId} is ${look}, but its events make ${events}`
    })
}

/** Transfers keep the total: it is what was paid in and not taken out. */
function checkTotal(commands: readonly ToldCommand[], balances: Balances): string[] {
  const told = commands
    .filter(({ answers }) => answers.some(({ is }) => is === 'done'))
    .map(({ command: { kind, cents } }) => {
      if (kind === 'transfer') return 0
      return kind === 'deposit' ? cents : -cents
    })
  const expected = sum(told)
  const total = sum(balances.newest.map(({ cents }) => cents))
  return total === expected ? [] : [`the accounts have ${total} cents, clients gave ${expected}`]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
