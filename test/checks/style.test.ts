import { glob, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { repository } from './repository.ts'

const read = (file: string): Promise<string> => readFile(join(repository, file), 'utf8')

// Kebab-case, default exports and sizes are the linter's: see lint-rules.test.ts.
test('no file is a drawer for whatever has no place', async () => {
  const files = await Array.fromAsync(glob('src/**/*.ts', { cwd: repository }))
  const drawers = /^(utils?|helpers?|misc|common|shared)\./
  expect(files.filter((file) => drawers.test(basename(file)))).toEqual([])
})

test('the pipeline of events asks no clock but the one it is given', async () => {
  const files = await Array.fromAsync(glob('src/{store,actors}/**/*.ts', { cwd: repository }))
  const texts = await Promise.all(files.map(read))
  expect(files.filter((_, index) => texts[index]?.includes('new Date()'))).toEqual([])
})

describe('what is public has a doc comment', () => {
  const entries = Object.values(manifest.exports).filter((entry) => typeof entry !== 'string')
  test.for(entries.map((entry) => entry['aether-source']))('in %s', async (entry) => {
    const undocumented: string[] = []
    for (const { names, from } of reExports(await read(entry)))
      for (const name of names)
        if (!(await isDocumented(join(dirname(entry), from), name))) undocumented.push(name)
    expect(undocumented).toEqual([])
  })
})

/** Follows a name to where it is declared. */
async function isDocumented(file: string, name: string): Promise<boolean> {
  const text = await read(file)
  const declaration = new RegExp(`(\\*/\\n)?^export (async |abstract )?\\w+\\*? ${name}\\b`, 'm')
  const declared = declaration.exec(text)
  if (declared) return declared[1] !== undefined
  const next = reExports(text).find(({ names }) => names.includes(name))
  if (!next) throw new Error(`${file} does not export ${name}`)
  return isDocumented(join(dirname(file), next.from), name)
}

/** The statements `export { a, type B } from './c.ts'` of a file. */
function reExports(text: string): { readonly names: string[]; readonly from: string }[] {
  const statements = text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)
  return Array.from(statements, ([, names = '', from = '']) => ({
    names: names.split(',').flatMap((name) => /(\w+)\s*$/.exec(name)?.[1] ?? []),
    from,
  }))
}
