import type { Stats } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AetherError, messageOf } from '../../../core/index.ts'

/** No SQLite file is smaller, but SQLite takes a file of one byte for an empty one. */
const smallestDatabase = 512

/**
 * Finds what SQLite would report in riddles, or overwrite.
 * @throws AetherError `incompatible-store`, `store-unavailable`
 */
export async function checkPlace(file: string): Promise<void> {
  const found = await look(file)
  if (!found) return checkDirectory(file)
  checkKind(file, found)
  await access(file, constants.R_OK | constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
    throw unreachable(file, cause)
  })
}

/**
 * The same for who makes nothing, and writes nothing.
 * @throws AetherError `incompatible-store`, `store-unavailable`
 */
export async function checkFile(file: string): Promise<void> {
  const found = await look(file)
  if (!found) throw new AetherError('store-unavailable', `there is no file ${file}`)
  checkKind(file, found)
}

async function look(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
  } catch (thrown) {
    const cause = thrown as NodeJS.ErrnoException
    if (cause.code === 'ENOENT') return undefined
    throw unreachable(file, cause)
  }
}

function checkKind(file: string, found: Stats): void {
  if (found.isDirectory()) throw incompatible(file, 'is a directory: choose a file in it')
  if (!found.isFile()) throw incompatible(file, 'is not a regular file: choose another one')
  if (found.size > 0 && found.size < smallestDatabase)
    throw incompatible(file, 'is not a SQLite database: choose another file')
}

async function checkDirectory(file: string): Promise<void> {
  const directory = dirname(file)
  await access(directory, constants.W_OK | constants.X_OK).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw unreachable(file, cause)
    throw new AetherError(
      'store-unavailable',
      `${file} cannot be made: its directory does not exist, make ${directory} first`,
      { cause },
    )
  })
}

function incompatible(file: string, what: string): AetherError {
  return new AetherError('incompatible-store', `${file} ${what}`)
}

function unreachable(file: string, cause: NodeJS.ErrnoException): AetherError {
  const reason = cause.code ?? messageOf(cause)
  const advice = ['EACCES', 'EPERM', 'EROFS'].includes(reason)
    ? 'give this user write access to it and to its directory'
    : 'choose another path'
  return new AetherError(
    'store-unavailable',
    `${file} cannot be opened for writing (${reason}): ${advice}`,
    { cause },
  )
}
