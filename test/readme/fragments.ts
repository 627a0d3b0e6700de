import { readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Document } from '../support/document.ts'

/** What a fragment may use without importing it. */
const entries = ['aether', 'aether/http', 'aether/memory', 'aether/nats', 'aether/sqlite']

/** What a page tells to install, and no test needs. */
const absent = "declare module '@opentelemetry/exporter-trace-otlp-http'"

/**
 * Writes each block of code that is no file of its own as a module: with what the page takes for granted,
 * which stands in `around`, and the public names that it uses.
 */
export async function writeFragments(page: Document, folder: string): Promise<void> {
  const name = basename(page.name, '.md')
  const given = await namesAround(name)
  await writeFile(join(folder, 'absent.d.ts'), absent)
  const fragments = page.blocks.filter(({ language }) => language === 'ts')
  for (const [index, { text }] of fragments.entries()) {
    const imports = text.match(/^import .*$/gm) ?? []
    const body = text.replaceAll(/^import .*$/gm, '')
    const isUsed = (it: string): boolean =>
      hasName(body, it) && !imports.some((line) => hasName(line.split(' from ')[0] ?? '', it))
    const lines = [...imports]
    const around = given.filter(isUsed)
    if (around.length > 0)
      lines.push(`import { ${around.join(', ')} } from '../../around/${name}.ts'`)
    for (const [entry, names] of await publicNames()) {
      const used = names.filter((it) => isUsed(it) && !given.includes(it))
      if (used.length > 0) lines.push(`import { ${used.join(', ')} } from '${entry}'`)
    }
    lines.push('export async function fragment() {', body, '}')
    await writeFile(join(folder, `${name}-${index}.ts`), lines.join('\n'))
  }
}

function hasName(code: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(code)
}

async function namesAround(name: string): Promise<readonly string[]> {
  const file = join(import.meta.dirname, 'around', `${name}.ts`)
  if (!existsSync(file)) return []
  const text = await readFile(file, 'utf8')
  const names = text.matchAll(/^export (?:declare )?(?:const|function|\{) (\w+)/gm)
  return Array.from(names, ([, it = '']) => it)
}

async function publicNames(): Promise<readonly (readonly [string, readonly string[]])[]> {
  return Promise.all(
    entries.map(async (entry) => {
      const all: object = await import(entry)
      return [entry, Object.keys(all)] as const
    }),
  )
}
