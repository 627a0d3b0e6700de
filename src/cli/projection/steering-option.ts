import { named } from '../command-line.ts'
import { storeOptions } from '../store-option.ts'
import { UsageError } from '../usage-error.ts'
import { NodeSteering } from './node-steering.ts'
import type { Steering } from './steering.ts'
import { openStoreSteering } from './store-steering.ts'

/** The options of every command that steers. */
export const steeringOptions = {
  ...storeOptions,
  node: { type: 'string' },
} as const

interface CommandLine {
  readonly values: {
    readonly backend: string
    readonly node?: string | undefined
  }
  readonly positionals: readonly string[]
}

/** Where a command line steers, and its other arguments. */
interface Steered {
  readonly open: () => Promise<Steering>
  readonly args: readonly (string | undefined)[]
}

/** The actors that were named. */
export function actorsOf(args: readonly (string | undefined)[]): readonly string[] {
  return args.filter((arg) => arg !== undefined)
}

/**
 * The arguments of `aether projection …`: the module comes first, but for a running node, which knows
 * what it runs.
 * @throws UsageError
 */
export function steered(
  command: string,
  { values, positionals }: CommandLine,
  names: readonly string[],
): Steered {
  const { backend, node } = values
  if (node === undefined) {
    const [module = '', ...args] = named(`projection ${command}`, positionals, ['MODULE', ...names])
    return { args, open: () => openStoreSteering(module, backend) }
  }
  if (!URL.canParse(node))
    throw new UsageError(
      `--node must be a URL such as http://127.0.0.1:4040, not ${JSON.stringify(node)}`,
    )
  const args = named(`projection ${command} --node`, positionals, names)
  return { args, open: async () => new NodeSteering(node) }
}
