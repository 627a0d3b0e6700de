import { execFile } from 'node:child_process'
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where Debian keeps the programs of a version, below the root or below an unpacked package. */
const debianFolder = 'usr/lib/postgresql'
const debianVersion = '15'
const packages = [`postgresql-${debianVersion}`, `postgresql-client-${debianVersion}`]

const cache = join(import.meta.dirname, 'node_modules', '.cache', 'postgres')

/**
 * The folder with `postgres`, `initdb` and `psql`: `POSTGRES_BIN`, an installed one, or Debian's
 * packages, fetched by this machine's own apt and unpacked into a cache, without root.
 */
export async function findPostgres(): Promise<string> {
  const named = process.env['POSTGRES_BIN']
  const found = named ?? (await newestBelow('/')) ?? (await newestBelow(cache))
  if (found !== undefined) return found
  await fetchPackages()
  const fetched = await newestBelow(cache)
  if (fetched !== undefined) return fetched
  throw new Error(`no PostgreSQL in ${packages.join(' and ')}; name one: POSTGRES_BIN=/path/to/bin`)
}

async function newestBelow(root: string): Promise<string | undefined> {
  const folder = join(root, debianFolder)
  const versions = await readdir(folder).catch(() => [])
  for (const version of versions.toSorted((a, b) => Number(b) - Number(a))) {
    const programs = join(folder, version, 'bin')
    if (await hasAll(programs)) return programs
  }
  return undefined
}

async function hasAll(programs: string): Promise<boolean> {
  const needed = ['postgres', 'initdb', 'psql', 'createdb'].map((name) => join(programs, name))
  const looks = await Promise.allSettled(needed.map((program) => access(program)))
  return looks.every(({ status }) => status === 'fulfilled')
}

async function fetchPackages(): Promise<void> {
  const unfinished = `${cache}-${process.pid}`
  await mkdir(unfinished, { recursive: true })
  try {
    await run('apt-get', ['download', ...packages], { cwd: unfinished })
    for (const file of await readdir(unfinished))
      if (file.endsWith('.deb')) await run('dpkg', ['-x', join(unfinished, file), unfinished])
    await rename(unfinished, cache)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}
