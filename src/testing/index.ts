export type { ConformanceCase } from './conformance-case.ts'
export { eventStoreConformance } from './event-store-conformance/index.ts'
export type { EventStoreSubject } from './event-store-conformance/subject.ts'
