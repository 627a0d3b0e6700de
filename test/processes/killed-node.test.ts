import { join } from 'node:path'
import type { StoredEvent } from 'aether'
import { expect, test } from 'vitest'
import { CliProcess } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const bank = join(import.meta.dirname, '../../examples/bank/bank.ts')
const accounts = 10
const clients = 32
const killAfterAnswers = 400

interface Deposit {
  readonly key: string
  readonly account: string
}

async function deposit(url: string, { key, account }: Deposit): Promise<boolean> {
  const reply = await fetch(`${url}/actors/account/${account}/deposit`, {
    method: 'POST',
    headers: { 'idempotency-key': key },
    body: '{"amount":1}',
  }).catch(() => undefined)
  return reply?.status === 200
}

/** All events of the log, page by page. */
async function readLog(url: string): Promise<StoredEvent[]> {
  const log: StoredEvent[] = []
  for (;;) {
    const after = log.at(-1)?.position ?? 0
    const page = (await (
      await fetch(`${url}/events?after=${after}&limit=1000`)
    ).json()) as StoredEvent[]
    if (page.length === 0) return log
    log.push(...page)
  }
}

test('kill -9 under load on SQLite: every acknowledged command is there, none twice', async () => {
  await using folder = await temporaryFolder()
  const args = ['dev', bank, '--backend', 'sqlite:bank.db', '--port', '0']
  const sent: Deposit[] = []
  const acknowledged = new Set<string>()

  await using first = new CliProcess(args, folder.path)
  const url = await first.listening()
  let killed = false
  const client = async (): Promise<void> => {
    while (!killed) {
      const next = { key: `d-${sent.length}`, account: `a${sent.length % accounts}` }
      sent.push(next)
      if (await deposit(url, next)) acknowledged.add(next.key)
      if (acknowledged.size < killAfterAnswers || killed) continue
      killed = true
      const ending = first.end('SIGKILL')
      // One at least is not answered, also where all others just were.
      const last = { key: `d-${sent.length}`, account: 'a0' }
      sent.push(last)
      if (await deposit(url, last)) acknowledged.add(last.key)
      await ending
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  expect(acknowledged.size).toBeLessThan(sent.length)

  await using second = new CliProcess(args, folder.path)
  const again = await second.listening()
  const stored = (await readLog(again)).map((event) => event.metadata.commandId)
  expect(new Set(stored).size).toBe(stored.length)
  expect(acknowledged.difference(new Set(stored))).toEqual(new Set())

  // Whoever got no answer sends again, and so may anybody else: each deposit is made once.
  await Promise.all(sent.map((each) => deposit(again, each)))
  const log = await readLog(again)
  expect(log.map((event) => event.metadata.commandId).toSorted()).toEqual(
    sent.map(({ key }) => key).toSorted(),
  )
  for (let n = 0; n < accounts; n++) {
    const versions = log
      .filter((event) => event.actorId === `account-a${n}`)
      .map((event) => event.version)
    expect(versions).toEqual(versions.map((_, i) => i + 1))
  }
})
