import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findNatsServer } from '../scripts/nats-server.ts'
import { findPostgres } from './postgres-programs.ts'

const run = promisify(execFile)

/** Of the servers that the comparisons start, by name. */
export async function serverVersions(): Promise<Record<string, string>> {
  const postgres = await findPostgres().catch(() => undefined)
  return {
    'nats-server': await versionOf(await findNatsServer()),
    PostgreSQL: postgres ? await versionOf(join(postgres, 'postgres')) : 'none',
  }
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await run(program, ['--version'])
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? stdout.trim()
}
