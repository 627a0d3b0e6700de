import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ActorFailedError, AetherError, CommandRejectedError, open } from 'aether'
import { createFetchHandler, serve } from 'aether/http'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { problemReply } from '../../src/http/exchange/problem.ts'
import { CliProcess } from '../support/cli.ts'
import { send } from '../support/http-client.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { Thing } from './thing.ts'

describe('a problem', () => {
  test.each([
    ['a bigint', 10n],
    ['a circle', circle()],
    ['what throws', { toJSON: () => expect.fail('it is never told') }],
  ])('leaves out %s', (_label, details) => {
    const error = new CommandRejectedError('account-a', 'withdraw', 'no', details)
    const { status, body } = problemReply(error)
    expect(status).toBe(422)
    const problem = JSON.parse(body) as unknown
    expect(problem).toMatchObject({ actorId: 'account-a', rejection: 'no' })
    expect(problem).not.toHaveProperty('details')
  })

  test('keeps its own members', () => {
    const error = Object.assign(new AetherError('internal', 'a text'), { status: 1, detail: 'x' })
    const { body } = problemReply(error)
    expect(JSON.parse(body)).toMatchObject({ status: 500, detail: 'a text' })
  })

  test('of a code that is not known here is a 500', () => {
    const error = Object.assign(new AetherError('internal', 'later'), { code: 'of-tomorrow' })
    expect(problemReply(error).status).toBe(500)
  })
})

function circle(): object {
  const self: { self?: unknown } = {}
  return Object.assign(self, { self })
}

function throwing(error: Error): never {
  throw error
}

describe('onError', () => {
  const told: unknown[] = []
  const onError = (error: unknown): void => {
    told.push(error)
    throw new Error('onError is broken')
  }

  test.each([
    ['serve', true],
    ['the fetch handler', false],
  ])('of %s is told the cause of what is our fault', async (_label, isServer) => {
    await using node = await open({ backend: memory(), actors: [Thing] })
    const unexpected = new TypeError('the store is broken')
    Object.assign(node.events, { readAll: () => throwing(unexpected) })
    await using server = await serve(node, { port: 0, onError })
    const handle = createFetchHandler(node, { onError })
    const ask = async (method: string, target: string): Promise<number> => {
      if (isServer) return (await send(server.url, method, target)).status
      return (await handle(new Request(server.url + target, { method }))).status
    }
    told.length = 0
    expect(await ask('POST', '/actors/thing/a/fail')).toBe(500)
    expect(await ask('GET', '/events')).toBe(500)
    expect(await ask('GET', '/actors/ghost/a')).toBe(404)
    expect(told).toEqual([expect.any(ActorFailedError), unexpected])
    expect(told[0]).toMatchObject({ cause: { message: 'decide is broken' } })
    await node.close()
    expect(await ask('POST', '/actors/thing/a/keep')).toBe(503)
    expect(told).toHaveLength(2)
  })

  test('is not told of a client that left, and its reads end', async () => {
    await using node = await open({ backend: memory(), actors: [Thing] })
    await node.get(Thing, 'a').keep(1)
    told.length = 0
    const handle = createFetchHandler(node, { onError })
    for (const path of ['/events', '/actors/thing/a/events']) {
      const request = new Request(`http://any.example${path}`, { signal: AbortSignal.abort() })
      expect((await handle(request)).status).toBe(500)
    }
    expect(told).toEqual([])
  })
})

test('aether dev prints what went wrong with stack and cause', async () => {
  await using folder = await temporaryFolder()
  const thing = JSON.stringify(join(import.meta.dirname, 'thing.ts'))
  await writeFile(join(folder.path, 'm.ts'), `export { Thing } from ${thing}`)
  await using node = new CliProcess(
    ['dev', 'm.ts', '--backend', 'memory', '--port', '0'],
    folder.path,
  )
  const url = await node.listening()
  await send(url, 'POST', '/actors/thing/a/fail')
  await until(() => node.stderr.includes('[cause]'), { description: 'the cause is printed' })
  expect(node.stderr).toMatch(/ActorFailedError: thing-a failed in .*\n\s+at /)
  expect(node.stderr).toMatch(/\[cause\]: Error: decide is broken\n\s+at .*thing\.ts/)
})
