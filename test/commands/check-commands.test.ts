import type { StoredEvent } from 'aether'
import { expect, test } from 'vitest'
import type { Answer } from './bank-client.ts'
import type { BankCommand } from './bank-command.ts'
import { checkCommands, type CommandEvidence } from './check-commands.ts'

const deposit: BankCommand = { kind: 'deposit', commandId: 'd', account: 'a', cents: 70 }
const transfer: BankCommand = { kind: 'transfer', commandId: 't', from: 'a', to: 'b', cents: 30 }
const refused: BankCommand = { kind: 'withdraw', commandId: 'w', account: 'a', cents: 500 }

function stored(key: string, version: number, type: string, commandId: string): StoredEvent {
  const cents = commandId === 'd' ? 70 : 30
  const metadata = { commandId }
  return {
    ...{ actorId: `account-${key}`, version, type, data: { cents }, metadata },
    ...{ id: `${key}-${version}`, position: 1, time: '2026-01-01T00:00:00.000Z' },
  }
}

function done(...places: readonly (readonly [string, number, number])[]): Answer {
  const effects = places.map(([key, version, cents]) => {
    return { actorId: `account-${key}`, version, cents }
  })
  return { is: 'done', effects }
}

const depositDone = done(['a', 1, 70])
const transferDone = done(['a', 2, 40], ['b', 1, 30])
const paidIn = stored('a', 1, 'Deposited', 'd')
const sent = stored('a', 2, 'Withdrawn', 't')
const received = stored('b', 1, 'Deposited', 't')

const right: CommandEvidence = {
  commands: [
    { command: deposit, answers: [depositDone, depositDone] },
    { command: transfer, answers: [{ is: 'rejected' }, transferDone] },
    { command: refused, answers: [{ is: 'rejected' }] },
  ],
  log: [paidIn, sent, received],
  looks: [
    { actorId: 'account-a', version: 2, cents: 40 },
    { actorId: 'account-b', version: 1, cents: 30 },
    { actorId: 'account-c', version: 0, cents: 0 },
  ],
}

test('nothing is found where all is right', () => {
  expect(checkCommands(right)).toEqual([])
})

const [first, second, third] = right.commands as [
  CommandEvidence['commands'][number],
  CommandEvidence['commands'][number],
  CommandEvidence['commands'][number],
]

test.each<[string, Partial<CommandEvidence>, RegExp]>([
  ['a command is lost', { log: [sent, received] }, /d was done, but what is stored is \[\]/],
  [
    'a command is doubled',
    { log: [...right.log, stored('a', 3, 'Deposited', 'd')] },
    /d was done, but what is stored is .*account-a.*account-a/,
  ],
  ['half a transfer is stored', { log: [paidIn, sent] }, /t was done, but/],
  ['the total changes', { log: [paidIn, sent] }, /the accounts have 40 cents, clients gave 70/],
  [
    'a refused command is stored',
    { log: [...right.log, stored('b', 2, 'Deposited', 'w')] },
    /w was refused, but is stored/,
  ],
  [
    'something is stored that nobody sent',
    { log: [...right.log, stored('b', 2, 'Deposited', 'x')] },
    /x is stored, but nobody sent it/,
  ],
  [
    'a repeat is answered otherwise',
    { commands: [{ command: deposit, answers: [depositDone, done(['a', 1, 71])] }, second, third] },
    /d was answered/,
  ],
  [
    'another balance was told',
    { commands: [{ command: deposit, answers: [done(['a', 1, 71])] }, second, third] },
    /d was told to have led to/,
  ],
  [
    'a node believes something else',
    { looks: [{ actorId: 'account-a', version: 2, cents: 41 }] },
    /account-a is .*41.*, but its events make .*40/,
  ],
  [
    'a version is left out',
    { log: [paidIn, stored('a', 3, 'Withdrawn', 't'), received] },
    /account-a has version 3 behind 1/,
  ],
  [
    'too much is taken out',
    { commands: [second, third], log: [stored('a', 1, 'Withdrawn', 't'), received] },
    /account-a is below zero at 1/,
  ],
  ['a command is not known', { commands: [first, third] }, /t is stored, but nobody sent it/],
])('it is found where %s', (_name, change, finding) => {
  expect(checkCommands({ ...right, ...change }).join('\n')).toMatch(finding)
})
