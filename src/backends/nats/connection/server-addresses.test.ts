import { expect, test } from 'vitest'
import { AetherError } from '../../../core/index.ts'
import { nats } from '../nats-backend.ts'
import { parseServers } from './server-addresses.ts'

test.each([
  ['nats://127.0.0.1:4222', '127.0.0.1:4222'],
  ['127.0.0.1', '127.0.0.1:4222'],
  ['nats://example.org/', 'example.org:4222'],
  ['tls://[::1]:4333', '[::1]:4333'],
  ['nats://user:secret@example.org:1', 'example.org:1'],
])('%s is %s', (servers, host) => {
  expect(parseServers(servers).hosts).toEqual([host])
})

test.each([
  ['nats://user:secret@h', { user: 'user', pass: 'secret' }],
  ['nats://us%40er:s%2Fcret@h', { user: 'us@er', pass: 's/cret' }],
  ['nats://user:100%@h', { user: 'user', pass: '100%' }],
  ['nats://token@h', { token: 'token' }],
  ['nats://h', {}],
])('%s carries its login', (servers, login) => {
  expect(parseServers([servers, 'nats://other']).login).toEqual(login)
})

test('tls:// asks for TLS', () => {
  expect(parseServers(['nats://h']).needsTls).toBe(false)
  expect(parseServers(['nats://h', 'tls://h']).needsTls).toBe(true)
})

test.each([
  '',
  'ws://h:1',
  'http://user:secret@h',
  'nats://user:secret@',
  'nats://user:secret@h/prod',
  'nats://user:sec/ret@h:x',
  'nats://user:secret@h h',
  'nats://h:99999',
])('%j is refused without showing what may be a password', (servers) => {
  const refusal = failureOf(() => nats({ servers }))
  expect(refusal).toMatchObject({ code: 'invalid-argument' })
  expect(`${refusal.message} ${String(refusal.cause)}`).not.toMatch(/sec\/?ret|user/)
})

test('no server at all is refused', () => {
  expect(failureOf(() => nats({ servers: [] }))).toMatchObject({ code: 'invalid-argument' })
})

test('the name of the backend shows servers and namespace, and no login', () => {
  const servers = ['nats://user:secret@a:1', 'b']
  expect(nats({ servers, namespace: 'prod', pass: 'secret' }).name).toBe('nats://a:1,b:4222/prod')
  expect(nats({ servers: 'h' }).name).toBe('nats://h:4222/default')
})

test.each<[string, Partial<Parameters<typeof nats>[0]>]>([
  ['namespace', { namespace: '' }],
  ['namespace', { namespace: 'a.b' }],
  ['namespace', { namespace: '*' }],
  ['namespace', { namespace: 'x'.repeat(65) }],
  ['replicas', { replicas: 0 }],
  ['replicas', { replicas: 6 }],
  ['replicas', { replicas: 1.5 }],
  ['connectTimeoutMs', { connectTimeoutMs: 0 }],
  ['requestTimeoutMs', { requestTimeoutMs: 2 ** 31 }],
  ['retryForMs', { retryForMs: Number.NaN }],
  ['rememberedActors', { rememberedActors: -1 }],
])('an option out of its range is named: %s', (name, options) => {
  const refusal = failureOf(() => nats({ servers: 'h', ...options }))
  expect(refusal).toMatchObject({ code: 'invalid-argument' })
  expect(refusal.message).toMatch(name)
})

function failureOf(action: () => unknown): AetherError {
  try {
    action()
  } catch (error) {
    if (error instanceof AetherError) return error
    throw error
  }
  throw new Error('it was accepted')
}
