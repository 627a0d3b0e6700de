import { appendFileSync } from 'node:fs'
import { processLogger, systemClock } from '../../src/core/index.ts'
import { joinMembers } from '../../src/projections/membership/join-members.ts'
import type { PartOwnership } from '../../src/projections/progress/part-ownership.ts'
import { backendAt, type StorePlace } from '../support/store-place.ts'
import { untilLeft } from '../support/work-until-left.ts'

// A process that shares the parts of a group, and writes down again and again which ones it takes for
// its own, until it is disconnected.

export interface MemberSettings {
  readonly place: StorePlace
  readonly memberId: string
  readonly parts: readonly string[]
  readonly leaseMs: number
  readonly renewMs: number
  /** Where it writes its {@link Sample}s, a line each. */
  readonly samples: string
}

/** By the monotonic clock of the machine, which all processes share: its parts, read in between. */
export interface Sample {
  readonly fromMs: number
  readonly toMs: number
  readonly owned: readonly string[]
}

const left = untilLeft()
const sampleMs = 10

function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

function sample({ owned: current }: PartOwnership, file: string): void {
  const fromMs = nowMs()
  const owned = [...current]
  appendFileSync(file, `${JSON.stringify({ fromMs, toMs: nowMs(), owned })}\n`)
}

async function work(settings: MemberSettings): Promise<void> {
  const { place, memberId, parts, leaseMs, renewMs, samples } = settings
  const store = await backendAt(place).openStore()
  const table = await store.table('members')
  const around = { table, clock: systemClock, logger: processLogger }
  const ownership = await joinMembers({ ...around, group: 'g', parts, memberId, leaseMs, renewMs })
  const report = (): void => {
    if (process.connected) process.send?.([...ownership.owned])
  }
  ownership.onChange(report)
  report()
  const sampling = setInterval(() => sample(ownership, samples), sampleMs)
  await left
  await ownership[Symbol.asyncDispose]()
  clearInterval(sampling)
  await store.close()
}

process.once('message', (settings: MemberSettings) => void work(settings))
