import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from '../checks/repository.ts'

const names = await Array.fromAsync(
  glob(['*.md', 'docs/**/*.md', 'examples/*/*.md', 'bench/*.md'], { cwd: repository }),
)
const texts = new Map<string, string>()
for (const name of names) texts.set(name, await readFile(join(repository, name), 'utf8'))

/** The text without its blocks of code: what looks like a link or a heading there is none. */
const proseOf = (name: string): string => (texts.get(name) ?? '').replaceAll(/^```[^]*?^```$/gm, '')

interface Link {
  /** From the root of the repository. */
  readonly file: string
  readonly anchor: string | undefined
}

/** To files of this repository. */
function linksIn(name: string): readonly Link[] {
  const targets = Array.from(proseOf(name).matchAll(/\]\(([^)\s]+)\)/g), ([, to = '']) => to)
  return targets
    .filter((to) => !/^[a-z]+:/.test(to))
    .map((to) => {
      const [path = '', anchor] = to.split('#')
      const file = path ? relative(repository, join(repository, dirname(name), path)) : name
      return { file, anchor }
    })
}

/** As GitHub spells the places of headings. */
function anchorsOf(name: string): readonly string[] {
  const headings = Array.from(proseOf(name).matchAll(/^#+ (.*)$/gm), ([, text = '']) => text)
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('what pages link to is there', () => {
  const broken = names.flatMap((name) =>
    linksIn(name)
      .filter(({ file, anchor }) => {
        if (!existsSync(join(repository, file))) return true
        return anchor !== undefined && texts.has(file) && !anchorsOf(file).includes(anchor)
      })
      .map(({ file, anchor }) => `${name}: ${file}${anchor === undefined ? '' : `#${anchor}`}`),
  )
  expect(broken).toEqual([])
})

test('the map names every page, and the README the map', () => {
  const pages = names.filter((name) => /^docs\/[^/]+\.md$/.test(name) && name !== 'docs/README.md')
  const named = linksIn('docs/README.md').map(({ file }) => file)
  expect(pages.filter((page) => !named.includes(page))).toEqual([])
  expect(linksIn('README.md').map(({ file }) => file)).toContain('docs/README.md')
})
