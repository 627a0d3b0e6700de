import type { ConformanceCase } from '../conformance-case.ts'
import { agendaCases } from './agenda-cases.ts'
import { appendCases } from './append-cases.ts'
import { commitCases } from './commit-cases.ts'
import { guardCases } from './guard-cases.ts'
import { identityCases } from './identity-cases.ts'
import { readCases } from './read-cases.ts'
import { readWholeCases } from './read-whole-cases.ts'
import { saveCases } from './save-cases.ts'
import { snapshotCases } from './snapshot-cases.ts'
import { signalCases } from './signal-cases.ts'
import { storedCases } from './stored-cases.ts'
import { subscribeCases } from './subscribe-cases.ts'
import type { EventStoreSubject } from './subject.ts'
import { tableCases } from './table-cases.ts'
import { untypedCases } from './untyped-cases.ts'
import { versionCases } from './version-cases.ts'

/**
 * What every event store of Aether promises. Give each case an empty place of its own:
 *
 * ```ts
 * for (const { name, run } of eventStoreConformance) test(name, () => run({ open: (options) => … }))
 * ```
 */
export const eventStoreConformance: readonly ConformanceCase<EventStoreSubject>[] = [
  ...appendCases,
  ...commitCases,
  ...guardCases,
  ...readCases,
  ...readWholeCases,
  ...saveCases,
  ...storedCases,
  ...signalCases,
  ...subscribeCases,
  ...snapshotCases,
  ...untypedCases,
  ...versionCases,
  ...agendaCases,
  ...tableCases,
  ...identityCases,
]
