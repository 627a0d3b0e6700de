import { glob, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repository } from './repository.ts'

const page = await readFile(join(repository, 'ARCHITECTURE.md'), 'utf8')
const files = await Array.fromAsync(glob('{src,test}/**/*.ts', { cwd: repository }))

describe('the folders of a room are in the table, each behind those that it imports', () => {
  const rooms = rowsUnder('| room | its folders').map(([room = '', folders = '']) => ({
    room: join('src', ...namesIn(room)),
    folders: namesIn(folders),
  }))
  test.for(rooms)('$room', async ({ room, folders }) => {
    const inside = files.flatMap((file) => folderIn(room, file) ?? [])
    expect(folders.toSorted()).toEqual([...new Set(inside)].toSorted())
    const backwards: string[] = []
    for (const file of files) {
      const place = folders.indexOf(folderIn(room, file) ?? '')
      if (place === -1 || /\.test(-d)?\.ts$/.test(file)) continue
      for (const imported of await importsOf(file))
        if (folders.indexOf(folderIn(room, imported) ?? '') > place)
          backwards.push(`${file} imports ${imported}`)
    }
    expect(backwards).toEqual([])
  })
})

test('what enforces and what shows a guarantee is where the page says', () => {
  const named = rowsUnder('| guarantee | enforced in').flatMap(([, enforced = '', shown = '']) =>
    namesIn(`${enforced} ${shown}`).filter((name) => /\/|\.ts$/.test(name)),
  )
  expect(named.length).toBeGreaterThan(100)
  const isThere = (name: string): boolean =>
    files.some((file) => `/${file}`.includes(`/${name}`) || posix.matchesGlob(file, name))
  expect(named.filter((name) => !isThere(name))).toEqual([])
})

/** The cells of the table that begins so. */
function rowsUnder(heading: string): readonly string[][] {
  const [table = ''] = page.slice(page.indexOf(`\n${heading}`) + 1).split('\n\n')
  const [, , ...rows] = table.trim().split('\n')
  return rows.map((row) => row.split('|').slice(1, -1))
}

/** What stands in code in a cell. */
function namesIn(cell: string): readonly string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name)
}

/** The folder of a room in which a file is, unless it is elsewhere or at the room's root. */
function folderIn(room: string, file: string): string | undefined {
  if (!file.startsWith(room)) return undefined
  const [folder, ...rest] = file.slice(room.length).split('/')
  return rest.length > 0 ? folder : undefined
}

async function importsOf(file: string): Promise<readonly string[]> {
  const text = await readFile(join(repository, file), 'utf8')
  const specifiers = text.matchAll(/(?:from |import\()'(\.[^']+)'/g)
  return Array.from(specifiers, ([, it = '']) => posix.join(posix.dirname(file), it))
}
