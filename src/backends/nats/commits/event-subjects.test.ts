import { assert, oneof, property, string } from '../../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { anyActorId } from '../../../../test/support/arbitrary-commits.ts'
import { actorId, AetherError } from '../../../core/index.ts'
import { EventSubjects } from './event-subjects.ts'

const subjects = new EventSubjects('prod')

/** A literal subject of five tokens, each of characters that mean nothing to NATS. */
const literal = /^aether\.prod\.event\.[A-Za-z0-9_]+\.[A-Za-z0-9_/=-]+$/

test('a namespace has a stream and subjects of its own', () => {
  expect(subjects.stream).toBe('AETHER_prod')
  expect(subjects.all).toBe('aether.prod.event.>')
  expect(subjects.of('account-alice')).toBe('aether.prod.event.account.alice')
})

test.each([
  '.',
  '..',
  'a.b',
  'a..b',
  '*',
  '>',
  'a.>',
  '$JS.API.STREAM.DELETE.ES',
  '_INBOX.x',
  ' ',
  'a\tb',
  'a\r\nPUB x 1\r\nX',
  'a\u0000b',
  'a\u202eb',
  '\ufeffa',
  'caf\u00e9',
  'cafe\u0301',
  '\ufffd',
  '\u0130',
  '%2e',
  '=2E',
  '../../etc/passwd',
  '__proto__',
  '👩‍💻',
  '-0',
])('the key %j is one literal subject, and found again in it', (key) => {
  const id = actorId('thing', key)
  expect(subjects.of(id)).toMatch(literal)
  expect(subjects.actorOf(subjects.of(id))).toBe(id)
})

test('no two actors share a subject', () => {
  assert(
    property(string({ unit: 'binary', minLength: 1, maxLength: 40 }), (key) => {
      const id = actorId('thing', key)
      return literal.test(subjects.of(id)) && subjects.actorOf(subjects.of(id)) === id
    }),
  )
})

test('two actors have two subjects', () => {
  assert(
    property(anyActorId, anyActorId, (a, b) => (a === b) === (subjects.of(a) === subjects.of(b))),
    { numRuns: 1_000 },
  )
})

test('any subject is that of its actor, or of none', () => {
  const tail = string({ unit: 'binary' }).map((text) => `aether.prod.event.${text}`)
  assert(
    property(oneof(tail, string({ unit: 'binary' })), (subject) => {
      try {
        expect(subjects.of(subjects.actorOf(subject))).toBe(subject)
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-actor-id' })
      }
    }),
    { numRuns: 1_000 },
  )
})

test.each([
  'aether.prod.event.account',
  'aether.prod.event.account.a.b',
  'aether.prod.event..alice',
  'aether.prod.event.account.=zz',
  'aether.prod.event.account.=C3',
  'aether.prod.event.account.=61',
  'aether.prod.event.1a.alice',
  'aether.other.event.account.alice',
  'orders.alice',
  '',
])('%j is the subject of no actor', (subject) => {
  expect(() => subjects.actorOf(subject)).toThrow(AetherError)
})
