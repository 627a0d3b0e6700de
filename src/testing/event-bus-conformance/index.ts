import type { ConformanceCase } from '../conformance-case.ts'
import { deliveryCases } from './delivery-cases.ts'
import { listenCases } from './listen-cases.ts'
import { namespaceCases } from './namespace-cases.ts'
import { sharingCases } from './sharing-cases.ts'
import { storedNoticeCases } from './stored-notice-cases.ts'
import type { EventBusSubject } from './subject.ts'

/** What every bus of Aether promises. Give each case an empty place of its own. */
export const eventBusConformance: readonly ConformanceCase<EventBusSubject>[] = [
  ...namespaceCases,
  ...deliveryCases,
  ...listenCases,
  ...storedNoticeCases,
  ...sharingCases,
]
