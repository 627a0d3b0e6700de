import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findNatsServer } from '../../scripts/nats-server.ts'

const repository = join(import.meta.dirname, '../..')

/** Gets ready, before the first test, what all of them use and what would take a test's time. */
export async function setup(): Promise<void> {
  chooseSeed()
  process.env['NATS_SERVER'] = await findNatsServer()
  await fillCompileCache()
}

/** Told before anything runs, so that it is known also of a property that never ends. */
function chooseSeed(): void {
  const seed = (process.env['PROPERTY_SEED'] ??= String(randomInt(2 ** 31)))
  if (!/^-?\d+$/.test(seed)) throw new Error(`PROPERTY_SEED must be a whole number, not ${seed}`)
  process.stderr.write(`Properties are tried with PROPERTY_SEED=${seed}, which repeats them.\n`)
}

/**
 * Tests start hundreds of Nodes, each of which would strip the types of the same files and compile them:
 * two thirds of what its start costs. Filled here, as who is killed fills no cache.
 */
async function fillCompileCache(): Promise<void> {
  process.env['NODE_COMPILE_CACHE'] ??= join(repository, 'node_modules/.cache/node-compile')
  const entries = ['aether', 'aether/nats', 'aether/sqlite', 'aether/http', 'zod']
  const program = entries.map((entry) => `import '${entry}'`).join('\n')
  const args = ['--conditions=aether-source', '--input-type=module', '--eval', program]
  await promisify(execFile)(process.execPath, args, { cwd: repository })
}
