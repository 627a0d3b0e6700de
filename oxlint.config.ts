import { posix } from 'node:path'
import { defineConfig, type DummyRuleMap, type OxlintOverride } from 'oxlint'

/**
 * The import law: the rooms of `src`, and the other rooms that each may import, through their
 * `index.ts` alone. What isn't listed is forbidden, so a new room begins with a line here.
 */
const rooms: Record<string, readonly string[]> = {
  core: [],
  store: ['core'],
  bus: ['core', 'store'],
  actors: ['core', 'store'],
  projections: ['core', 'store', 'actors'],
  telemetry: ['core', 'store', 'actors', 'projections'], // it implements what they tell an observer
  node: ['core', 'store', 'bus', 'actors', 'projections', 'telemetry'],
  http: ['core', 'store', 'bus', 'actors', 'projections', 'telemetry', 'node'],
  cli: ['core', 'store', 'bus', 'actors', 'projections', 'node', 'http', 'backends/*'],
  'backends/memory': ['core', 'store'],
  'backends/sqlite': ['core', 'store'],
  'backends/nats': ['core', 'store'],
  testing: ['core', 'store', 'bus', 'actors', 'projections', 'node', 'backends/memory'], // testNode() opens a node
}

/** What `src/index.ts` gathers: no database and no network client. */
const mainEntry = ['core', 'store', 'bus', 'actors', 'projections', 'telemetry', 'node']

/** What a room may import from outside, besides the modules of Node (all but `node:sqlite`). */
const packages: Record<string, readonly string[]> = {
  core: ['@standard-schema/spec'],
  telemetry: ['@opentelemetry/api'], // loaded by open(), where an SDK was registered with it
  'backends/sqlite': ['node:sqlite'],
  'backends/nats': ['@nats-io/*'],
}

/** What the tests beside the code may import as well, and files of `test/support`: by one, properties have a seed. */
const forTests = { rooms: ['backends/memory', 'testing'], packages: ['vitest'] }

/** Rooms that take time, chance and ids from outside, so that a test can own them. */
const deterministicRooms = ['store', 'actors', 'projections']

const injected = 'Time, chance and ids come from the Clock and IdSource of core.'
const rawGlobals = ['setTimeout', 'setInterval', 'setImmediate', 'performance', 'crypto']
const rawCalls = [
  ['Date', 'now'],
  ['Math', 'random'],
  ['AbortSignal', 'timeout'],
]
const rawModules = [
  ...['node:timers', 'node:timers/promises', 'node:perf_hooks'].map((name) => ({ name })),
  { name: 'node:crypto', allowImportNames: ['hash'] },
].map((path) => ({ ...path, message: injected }))

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'promise', 'node', 'vitest'],
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: ['bench/**'], // installed apart from the rest, so its types aren't known here
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    // Promises
    'typescript/no-misused-promises': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    // Types
    'typescript/ban-ts-comment': 'error',
    'typescript/consistent-type-exports': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-deprecated': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-import-type-side-effects': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-function-type': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/no-unsafe-type-assertion': 'off', // a check at a boundary ends in an assertion
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true },
    ],
    // Modules
    'import/no-named-as-default-member': 'off', // `fc.string()` is how fast-check is meant to be used
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'typescript/no-require-imports': 'error',
    'unicorn/prefer-node-protocol': 'error',
    // Names and habits
    'eslint/eqeqeq': ['error', 'always', { null: 'ignore' }],
    'eslint/no-empty': 'error',
    'eslint/no-self-compare': 'error',
    'eslint/no-unused-expressions': ['error', { allowTaggedTemplates: true }], // sql`…` writes
    'eslint/no-var': 'error',
    'eslint/prefer-const': ['error', { ignoreReadBeforeAssign: true }],
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
    'unicorn/no-abusive-eslint-disable': 'error',
    // Left to the compiler, or a matter of taste
    'eslint/no-shadow': 'off',
    'eslint/no-underscore-dangle': 'off',
    'promise/always-return': 'off',
    'typescript/consistent-return': 'off',
    'typescript/no-extraneous-class': 'off',
    'typescript/no-unnecessary-type-conversion': 'off', // callers without types exist
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/no-useless-spread': 'off',
    'unicorn/require-post-message-target-origin': 'off', // of windows, and here are threads
  },
  overrides: [
    { files: ['*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: ['src/**'],
      rules: {
        'eslint/max-lines': ['error', { max: 500 }],
        'eslint/max-lines-per-function': ['error', { max: 70 }],
        'eslint/no-console': 'error',
        ...restrictImports(['**'], 'This folder is no room yet: see the import law.'),
      },
    },
    {
      files: ['test/**', '**/*.test.ts'],
      rules: {
        'eslint/max-lines-per-function': 'off',
        'eslint/no-empty-pattern': 'off', // a fixture without others begins with `{}`
        'eslint/no-unmodified-loop-condition': 'off', // a callback modifies it
        'typescript/no-non-null-assertion': 'off',
        'typescript/no-unsafe-assignment': 'off', // `expect.any()` is an any
        'typescript/require-array-sort-compare': 'off',
        'typescript/unbound-method': 'off',
        'unicorn/no-array-fill-with-reference-type': 'off',
        // Properties, conformance cases and helpers assert elsewhere, and name tests by variables.
        'vitest/expect-expect': 'off',
        'vitest/no-conditional-expect': 'off',
        'vitest/no-standalone-expect': 'off',
        'vitest/valid-expect': 'off',
        'vitest/valid-title': 'off',
      },
    },
    { files: ['src/cli/**'], rules: { 'eslint/no-console': 'off' } },
    {
      files: ['src/*.ts'],
      rules: restrictImports(
        ['**', ...mainEntry.map((room) => `!./${room}/index.ts`)],
        `The main entry may import ${mainEntry.join(', ')}, through index.ts.`,
      ),
    },
    ...Object.keys(rooms).flatMap(lawOf),
    ...deterministicRooms.map(withoutRawClocks),
    {
      // Tests of types stand where the user stands, and make mistakes on purpose.
      files: ['**/*.test-d.ts'],
      rules: {
        'eslint/no-restricted-imports': 'off',
        'typescript/no-unnecessary-type-parameters': 'off',
        'typescript/no-unsafe-assignment': 'off',
        'typescript/no-unsafe-call': 'off',
        'typescript/no-unsafe-return': 'off',
      },
    },
    {
      files: ['examples/**'],
      rules: restrictImports(
        ['**/src/**'],
        "An example imports 'aether' by name, as its users do.",
      ),
    },
  ],
})

/** The import law of a room and its tests, for each depth of folders: imports are compared as text. */
function lawOf(room: string): OxlintOverride[] {
  const others = rooms[room] ?? []
  const message = `${room} may import ${others.join(', ') || 'no other room'}, through index.ts.`
  const paths = deterministicRooms.includes(room) ? rawModules : []
  return [0, 1, 2].flatMap((depth) => {
    const up = '../'.repeat(depth)
    const allow = (names: readonly string[], outside: readonly string[] = []) => [
      ...names.map((name) => `!${up}${posix.relative(room, name)}/index.ts`),
      ...outside.map((name) => `!${name}`),
    ]
    const ofNode = ['!node:*', '!node:*/*', 'node:sqlite']
    const ofRoom = ['!./**', '!../**', `../${up}**`, './../**', '**/[!.]*/../**']
    const law = ['**', ...ofNode, ...ofRoom, ...allow(others, packages[room])]
    const support = `${up}${posix.relative(room, '../test/support')}/*`
    const lawOfTests = [...law, ...allow(forTests.rooms, [...forTests.packages, support])]
    const files = posix.join('src', room, '*/'.repeat(depth), '*')
    return [
      { files: [`${files}.ts`], rules: restrictImports(law, message, paths) },
      { files: [`${files}.test.ts`], rules: restrictImports(lawOfTests, message, paths) },
    ]
  })
}

/** `group` as in a .gitignore: a pattern forbids, one with `!` allows, the last that fits decides. */
function restrictImports(
  group: string[],
  message: string,
  paths: readonly object[] = [],
): DummyRuleMap {
  return { 'eslint/no-restricted-imports': ['error', { paths, patterns: [{ group, message }] }] }
}

function withoutRawClocks(room: string): OxlintOverride {
  const globals = rawGlobals.map((name) => ({ name, message: injected }))
  const calls = rawCalls.map(([object, property]) => ({ object, property, message: injected }))
  return {
    files: [`src/${room}/**`],
    rules: {
      'eslint/no-restricted-globals': ['error', { globals, checkGlobalObject: true }],
      'eslint/no-restricted-properties': ['error', ...calls],
    },
  }
}
