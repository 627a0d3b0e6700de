import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'
import { until } from './until.ts'

const accounts = JSON.stringify(join(import.meta.dirname, '../projections/bank.ts'))

test('what a test process started ends with it, even if that one is killed', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'module.ts'), `export { Account } from ${accounts}`)
  const script = new URL('./cli-parent.ts', import.meta.url)
  const parent = fork(script, { cwd: folder.path, execPath: process.execPath, execArgv: [] })
  const [pid] = (await once(parent, 'message')) as [number]
  expect(isRunning(pid)).toBe(true)
  parent.kill('SIGKILL')
  await until(() => !isRunning(pid), { description: 'it has ended' })
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
