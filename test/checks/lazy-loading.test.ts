import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { repository } from './repository.ts'

/** Every module that a fresh Node loads when it imports `name`, as URLs. */
async function loadedBy(name: string): Promise<readonly string[]> {
  const program = `
    import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
    await import(${JSON.stringify(name)})
    console.log(JSON.stringify(urls))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=aether-source', '--input-type=module', '--eval', program],
    { cwd: repository },
  )
  return JSON.parse(stdout) as string[]
}

const database = /^node:sqlite$/
const networkClient = /\/node_modules\/@nats-io\//

describe('importing', () => {
  test.for(['aether', 'aether/http', 'aether/testing'])(
    '%s loads no database and no network client',
    async (name) => {
      const urls = await loadedBy(name)
      expect(urls).toContainEqual(expect.stringMatching(/\/src\/core\/index\.ts$/))
      expect(urls.filter((url) => database.test(url) || networkClient.test(url))).toEqual([])
    },
  )

  test('aether/sqlite loads the database and no network client', async () => {
    const urls = await loadedBy('aether/sqlite')
    expect(urls.some((url) => database.test(url))).toBe(true)
    expect(urls.some((url) => networkClient.test(url))).toBe(false)
  })
})
