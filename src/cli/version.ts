import { readFile } from 'node:fs/promises'

/** The version of the package that this file is of. */
export async function version(): Promise<string> {
  const file = new URL('../../package.json', import.meta.url)
  const { version: found } = JSON.parse(await readFile(file, 'utf8')) as { version: string }
  return found
}
