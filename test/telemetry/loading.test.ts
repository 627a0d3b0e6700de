import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { repository } from '../checks/repository.ts'

/** Whether a program that opens a node loads OpenTelemetry, run in a Node of its own. */
async function loadsOpenTelemetry(before = ''): Promise<boolean> {
  const program = `
    import { registerHooks } from 'node:module'
    ${before}
    let isLoaded = false
    registerHooks({
      resolve(name, context, next) {
        isLoaded ||= name.startsWith('@opentelemetry/')
        return next(name, context)
      },
    })
    const { open } = await import('aether')
    const { memory } = await import('aether/memory')
    const node = await open({ backend: memory(), actors: [] })
    await node.metrics()
    await node.close()
    console.log(isLoaded)`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=aether-source', '--input-type=module', '--eval', program],
    { cwd: repository },
  )
  return JSON.parse(stdout) as boolean
}

test('OpenTelemetry is loaded where an SDK is registered, and nowhere else', async () => {
  expect(await loadsOpenTelemetry()).toBe(false)
  const register = `
    import { trace } from '@opentelemetry/api'
    import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
    trace.setGlobalTracerProvider(new BasicTracerProvider())`
  expect(await loadsOpenTelemetry(register)).toBe(true)
})
