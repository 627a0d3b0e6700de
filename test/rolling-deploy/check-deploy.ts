import { isDeepStrictEqual } from 'node:util'
import type { StoredEvent } from 'aether'
import type { SentCommand } from './shop-client.ts'

/** What an account is in the end, by its state and by its document of the view. */
export interface SeenAccount {
  readonly key: string
  readonly state: unknown
  readonly document: unknown
}

export interface DeployEvidence {
  /** Each was answered. */
  readonly sent: readonly SentCommand[]
  readonly log: readonly StoredEvent[]
  readonly rows: readonly {
    readonly account: string
    readonly version: number
    readonly cents: number
  }[]
  readonly accounts: readonly SeenAccount[]
}

/**
 * Holds what came of a deploy against the log: each command is there once, what follows from each posting
 * happened once, and states, documents and rows are what the events give. Nothing: all is right.
 */
export function checkDeploy({ sent, log, rows, accounts }: DeployEvidence): string[] {
  const postings = log
    .filter(isPosting)
    .map(({ actorId, version }) => `${keyOf(actorId)}:${version}`)
  const of = (types: readonly string[], name: (event: StoredEvent) => string): string[] =>
    log.filter(({ type }) => types.includes(type)).map(name)
  const [filed, confirmed] = [
    of(['Filed'], ({ data }) => [member(data, 'account'), member(data, 'version')].join(':')),
    of(['Confirmed', 'Acknowledged'], ({ actorId, data }) => {
      return [keyOf(actorId), member(data, 'version')].join(':')
    }),
  ]
  const firsts = log.filter((event) => event.version === 1 && isPosting(event))
  return [
    ...checkCommands(sent, log),
    ...compare('filed', filed, postings),
    ...compare('confirmed', confirmed, postings),
    ...compare(
      'a row',
      rows.map(({ account, version }) => `${account}:${version}`),
      postings,
    ),
    ...compare(
      'reminded',
      of(['Reminded'], ({ actorId }) => actorId),
      firsts.map(({ actorId }) => actorId),
    ),
    ...checkAccounts(accounts, log),
    ...checkTotal(rows, log),
  ]
}

function checkCommands(sent: readonly SentCommand[], log: readonly StoredEvent[]): string[] {
  const stored = Map.groupBy(log, ({ metadata }) => metadata['commandId'])
  return sent.flatMap(({ id, account, command, cents }) => {
    const found = (stored.get(id) ?? []).map(({ actorId, data }) => {
      const content = command === 'book' ? member(data, 'cents') : member(data, 'text')
      return { actorId, content }
    })
    const expected = [{ actorId: `account-${account}`, content: command === 'book' ? cents : id }]
    return isDeepStrictEqual(found, expected) ? [] : [`${id} is stored as ${JSON.stringify(found)}`]
  })
}

function checkAccounts(accounts: readonly SeenAccount[], log: readonly StoredEvent[]): string[] {
  const byActor = Map.groupBy(log, ({ actorId }) => actorId)
  return accounts.flatMap(({ key, state, document }) => {
    const events = byActor.get(`account-${key}`) ?? []
    const count = (...types: readonly string[]): number =>
      events.filter(({ type }) => types.includes(type)).length
    const postings = events.filter(isPosting)
    const totals = { EUR: sum(postings.map(({ data }) => member(data, 'cents'))) }
    const notes = count('Noted')
    const confirmed = count('Confirmed', 'Acknowledged')
    const should = { totals, notes, confirmed, reminded: count('Reminded') }
    const shown = { totals: postings.length > 0 ? totals : {}, bookings: postings.length, notes }
    return [
      ...(isDeepStrictEqual(state, should)
        ? []
        : [`${key} is ${JSON.stringify(state)}, not ${JSON.stringify(should)}`]),
      ...(isDeepStrictEqual(document, shown)
        ? []
        : [`the view of ${key} is ${JSON.stringify(document)}, not ${JSON.stringify(shown)}`]),
    ]
  })
}

function checkTotal(rows: DeployEvidence['rows'], log: readonly StoredEvent[]): string[] {
  const expected = sum(log.filter(isPosting).map(({ data }) => member(data, 'cents')))
  const total = sum(rows.map(({ cents }) => cents))
  return total === expected ? [] : [`the rows have ${total} cents, the log has ${expected}`]
}

/** Each once, whatever the order. */
function compare(what: string, found: readonly string[], expected: readonly string[]): string[] {
  const [seen, wanted] = [new Set(found), new Set(expected)]
  return [
    ...[...wanted.difference(seen)].map((each) => `${each} was never ${what}`),
    ...[...seen.difference(wanted)].map((each) => `${each} was ${what} for nothing`),
    ...(found.length > seen.size ? [`${found.length - seen.size} were ${what} twice`] : []),
  ]
}

function isPosting({ type }: StoredEvent): boolean {
  return type === 'Booked' || type === 'Posted'
}

function keyOf(actorId: string): string {
  return actorId.slice(actorId.indexOf('-') + 1)
}

function member(data: unknown, name: string): unknown {
  return (data as Readonly<Record<string, unknown>>)[name]
}

function sum(values: readonly unknown[]): number {
  return values.reduce<number>((total, each) => total + Number(each), 0)
}
