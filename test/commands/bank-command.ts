import { SeededRandom } from '../support/seeded-random.ts'

/** Something that is asked of the bank. Accounts are keys; amounts are cents. */
export type BankCommand = {
  readonly commandId: string
  readonly cents: number
} & (
  | { readonly kind: 'deposit' | 'withdraw'; readonly account: string }
  | { readonly kind: 'transfer'; readonly from: string; readonly to: string }
)

export interface PlanOptions {
  readonly commands: number
  readonly accounts: number
  /** How many of the commands are transfers, of one. */
  readonly transfers: number
  readonly seed: number
}

/** The same commands for the same seed; some accounts are asked more often than others. */
export function planCommands({ commands, accounts, transfers, seed }: PlanOptions): BankCommand[] {
  const random = new SeededRandom(seed)
  const pick = (): number => Math.min(random.below(accounts), random.below(accounts))
  return Array.from({ length: commands }, (_, index): BankCommand => {
    const commandId = `c${index}`
    const [first, distance] = [pick(), 1 + random.below(accounts - 1)]
    const account = `a${first}`
    if (random.chance(transfers)) {
      const to = `a${(first + distance) % accounts}`
      return { kind: 'transfer', commandId, from: account, to, cents: 1 + random.below(50_000) }
    }
    // Some are refused: as much is taken out as is paid in.
    const kind = random.chance(0.5) ? 'deposit' : 'withdraw'
    return { kind, commandId, account, cents: 1 + random.below(50_000) }
  })
}
