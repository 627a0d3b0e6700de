import { beforeAll, describe, expect, test } from 'vitest'
import { lint } from './lint.ts'

/** Each line: a file, then what it may import, as it is spelled there. */
const legal = table(
  'legal',
  `
  src/index.ts               ./core/index.ts ./store/index.ts ./actors/index.ts ./node/index.ts
  src/index.ts               ./bus/index.ts
  src/core/file.ts           ./other.ts ./part/other.ts node:crypto node:fs/promises node:timers
  src/core/file.ts           @standard-schema/spec
  src/core/part/file.ts      ./other.ts ../other.ts ../part-2/other.ts
  src/store/file.ts          ../core/index.ts
  src/store/file.test.ts     ../core/index.ts ../backends/memory/index.ts ../testing/index.ts vitest
  src/store/a/b/file.ts      ../../../core/index.ts ../../other.ts
  src/bus/file.ts            ../core/index.ts ../store/index.ts ./other.ts
  src/actors/file.ts         ../core/index.ts ../store/index.ts node:util
  src/actors/file.test.ts    ../backends/memory/index.ts ../../test/support/fast-check.ts
  src/backends/nats/part/file.test.ts  ../../../../test/support/nats.ts
  src/telemetry/file.ts      ../core/index.ts ../store/index.ts ../actors/index.ts @opentelemetry/api
  src/node/file.ts           ../core/index.ts ../store/index.ts ../actors/index.ts node:timers/promises
  src/node/file.ts           ../telemetry/index.ts
  src/node/file.ts           ../bus/index.ts
  src/http/file.ts           ../core/index.ts ../store/index.ts ../actors/index.ts ../node/index.ts
  src/cli/file.ts            ../node/index.ts ../http/index.ts ../backends/nats/index.ts
  src/backends/memory/file.ts  ../../core/index.ts ../../store/index.ts ./other.ts
  src/backends/sqlite/file.ts  ../../core/index.ts ../../store/index.ts node:sqlite
  src/backends/nats/file.ts    ../../core/index.ts ../../store/index.ts @nats-io/jetstream
  src/backends/nats/part/file.ts  ../../../store/index.ts ../other.ts @nats-io/transport-node
  src/testing/file.ts        ../core/index.ts ../store/index.ts ../actors/index.ts ../node/index.ts
  src/testing/part/file.ts   ../../backends/memory/index.ts ../other.ts
  test/file.test.ts          ../src/store/commit.ts ./support/until.ts node:sqlite aether zod
  examples/bank/file.ts      aether aether/sqlite zod ./other.ts
`,
)

/** Each line: a file, then what it may not import. */
const forbidden = table(
  'forbidden',
  `
  src/index.ts               ./core/errors.ts ./http/index.ts ./cli/index.ts ./testing/index.ts
  src/index.ts               ./backends/memory/index.ts ./backends/sqlite/index.ts node:sqlite
  src/core/file.ts           ../store/index.ts ../actors/index.ts ../node/index.ts ../index.ts
  src/core/file.ts           ../backends/memory/index.ts ../testing/index.ts ../http/index.ts ../cli/index.ts
  src/core/file.ts           zod vitest aether aether/http fs node:sqlite @nats-io/jetstream
  src/core/part/file.ts      ../../store/index.ts ../../../test/support/until.ts
  src/store/file.ts          ../core/errors.ts ../core ../actors/index.ts ../node/index.ts
  src/store/file.ts          ../backends/memory/index.ts ../testing/index.ts @standard-schema/spec vitest
  src/store/file.ts          node:sqlite @nats-io/jetstream node:timers node:timers/promises node:perf_hooks
  src/store/file.ts          ../../test/support/until.ts ../../examples/bank/bank.ts ../../scripts/nats-server.ts
  src/store/file.ts          ./../actors/index.ts ./part/../../actors/index.ts ../core/../actors/index.ts
  src/store/file.test.ts     ../actors/index.ts ../core/errors.ts ../backends/sqlite/index.ts zod
  src/store/file.test.ts     ../../test/checks/lint.ts ../../scripts/nats-server.ts fast-check
  src/store/a/b/file.ts      ../../../actors/index.ts ../../../core/errors.ts
  src/bus/file.ts            ../actors/index.ts ../node/index.ts ../store/broadcast.ts ../backends/nats/index.ts
  src/store/file.ts          ../bus/index.ts
  src/actors/file.ts         ../bus/index.ts
  src/backends/nats/file.ts  ../../bus/index.ts
  src/actors/file.ts         ../node/index.ts ../http/index.ts ../cli/index.ts ../testing/index.ts
  src/actors/file.ts         ../backends/memory/index.ts ../store/commit.ts node:timers/promises
  src/actors/file.ts         ../telemetry/index.ts @opentelemetry/api
  src/telemetry/file.ts      ../node/index.ts ../http/index.ts ../actors/batch.ts @opentelemetry/sdk-trace-base
  src/node/file.ts           ../http/index.ts ../cli/index.ts ../testing/index.ts ../backends/memory/index.ts
  src/node/file.ts           ../actors/batch.ts node:sqlite @nats-io/transport-node
  src/http/file.ts           ../cli/index.ts ../testing/index.ts ../backends/sqlite/index.ts ../node/open.ts
  src/cli/file.ts            ../testing/index.ts ../http/gateway.ts ../backends/sqlite/file.ts node:sqlite
  src/backends/memory/file.ts  ../sqlite/index.ts ../nats/index.ts ../../actors/index.ts ../../store/commit.ts
  src/backends/sqlite/file.ts  ../memory/index.ts ../nats/index.ts ../../node/index.ts @nats-io/jetstream
  src/backends/nats/file.ts    ../memory/index.ts ../sqlite/index.ts ../../actors/index.ts node:sqlite
  src/backends/nats/part/file.ts  ../../memory/index.ts ../../../actors/index.ts
  src/testing/file.ts        ../node/open.ts ../http/index.ts ../cli/index.ts ../backends/sqlite/index.ts vitest
  src/testing/part/file.ts   ../../http/index.ts ../../core/errors.ts
  src/unknown/file.ts        ./other.ts ../core/index.ts node:fs
  src/core/a/b/c/file.ts     ./other.ts node:fs
  src/backends/file.ts       ../core/index.ts
  examples/bank/file.ts      ../../src/index.ts ../../src/core/index.ts
`,
)

/** Every way to import that the law must see. */
const spellings = {
  'import value': "import { x } from '../node/index.ts'\nexport const y = x",
  'import all': "import * as x from '../node/index.ts'\nexport const y = x",
  'import type': "import type { X } from '../node/index.ts'\nexport type Y = X",
  'import for its effect': "import '../node/index.ts'",
  'export value': "export { x } from '../node/index.ts'",
  'export all': "export * from '../node/index.ts'",
  'export type': "export type { X } from '../node/index.ts'",
  'import at run time': "export const x = await import('../node/index.ts')",
}

interface Case {
  readonly name: string
  readonly file: string
  readonly text: string
}

const spelled: readonly Case[] = Object.entries(spellings).map(([name, text], index) => ({
  name,
  file: `src/store/spelling-${index}.ts`,
  text,
}))

const isForbidden = new Set<string>()

beforeAll(async () => {
  const cases = [...legal, ...forbidden, ...spelled]
  const broken = await lint(Object.fromEntries(cases.map(({ file, text }) => [file, text])))
  for (const [file, rules] of broken)
    if (rules.includes('no-restricted-imports')) isForbidden.add(file)
})

describe('legal', () => {
  test.for(legal)('$name', ({ file }) => expect(isForbidden).not.toContain(file))
})

describe('forbidden', () => {
  test.for(forbidden)('$name', ({ file }) => expect(isForbidden).toContain(file))
  test.for(spelled)('by $name', ({ file }) => expect(isForbidden).toContain(file))
})

/** A throw-away file for each import, beside the file of that line. */
function table(kind: string, lines: string): readonly Case[] {
  return lines
    .trim()
    .split('\n')
    .flatMap((line, row) => {
      const [file = '', ...imports] = line.trim().split(/\s+/)
      return imports.map((specifier, column) => ({
        name: `${file} imports ${specifier}`,
        file: file.replace(/(?=(\.test)?\.ts$)/, `-${kind}-${row}-${column}`),
        text: `import '${specifier}'`,
      }))
    })
}
