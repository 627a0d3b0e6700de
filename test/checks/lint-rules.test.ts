import { beforeAll, describe, expect, test } from 'vitest'
import { lint } from './lint.ts'

const lines = (count: number): string => 'void 0\n'.repeat(count)
const functionOf = (count: number): string => `export function f(): void {\n${lines(count - 2)}}`

/** A rule, where it holds, and what breaks it. */
const broken: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['no-floating-promises', 'src/core/a.ts', 'export const f = () => { Promise.resolve(1) }'],
  ['no-misused-promises', 'src/core/b.ts', '[1].forEach(async () => { await Promise.resolve() })'],
  ['await-thenable', 'src/core/c.ts', 'export const f = async () => { await 1 }'],
  ['no-explicit-any', 'src/core/d.ts', 'export const x: any = 1'],
  ['no-unsafe-assignment', 'src/core/e.ts', "export const x: string = JSON.parse('1')"],
  ['no-default-export', 'src/core/f.ts', 'export default 1'],
  ['consistent-type-imports', 'src/core/g.ts', "import { A } from './h.ts'\nexport type B = A"],
  ['filename-case', 'src/core/notKebab.ts', 'export const x = 1'],
  ['no-cycle', 'src/core/cycle-1.ts', "export * from './cycle-2.ts'"],
  ['no-cycle', 'src/core/cycle-2.ts', "export * from './cycle-1.ts'"],
  ['max-lines', 'src/core/i.ts', lines(501)],
  ['max-lines-per-function', 'src/core/j.ts', functionOf(71)],
  ['no-console', 'src/core/k.ts', "console.log('x')"],
  ...['store', 'actors'].flatMap((room) =>
    [
      ['no-restricted-properties', 'export const x = Date.now()'],
      ['no-restricted-properties', 'export const x = Math.random()'],
      ['no-restricted-properties', 'export const x = AbortSignal.timeout(5)'],
      ['no-restricted-globals', 'setTimeout(() => {}, 5)'],
      ['no-restricted-globals', 'globalThis.setInterval(() => {}, 5)'],
      ['no-restricted-globals', 'setImmediate(() => {})'],
      ['no-restricted-globals', 'export const x = performance.now()'],
      ['no-restricted-globals', 'export const x = crypto.randomUUID()'],
      ['no-restricted-imports', "import { randomUUID } from 'node:crypto'\nrandomUUID()"],
    ].map(([rule = '', text = ''], index) => [rule, `src/${room}/raw-${index}.ts`, text] as const),
  ),
]

/** What stands right beside the rules and is allowed. */
const kept: readonly (readonly [file: string, text: string])[] = [
  [
    'src/store/hash.ts',
    "import { hash } from 'node:crypto'\nexport const of = (text: string) => hash('sha256', text)",
  ],
  ['src/core/clock.ts', 'export const now = () => Date.now()'],
  ['src/store/times.ts', 'export const text = (ms: number) => new Date(ms).toISOString()'],
  ['src/cli/print.ts', "console.log('x')"],
  ['src/core/long.ts', `${functionOf(70)}\n${lines(430)}`],
  ['src/core/wait.ts', 'export const f = async () => { await Promise.resolve(1) }'],
  ['any.config.ts', 'export default {}'],
]

let rulesBrokenBy: Map<string, string[]>

beforeAll(async () => {
  const files = [...broken.map(([, file, text]) => [file, text] as const), ...kept]
  rulesBrokenBy = await lint(Object.fromEntries(files))
})

describe('broken', () => {
  test.for(broken)('%s in %s: %s', ([rule, file]) => {
    expect(rulesBrokenBy.get(file)).toContain(rule)
  })
})

describe('kept', () => {
  test.for(kept)('in %s: %s', ([file]) => expect(rulesBrokenBy.get(file)).toEqual([]))
})
