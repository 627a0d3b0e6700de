export { memory } from './memory-backend.ts'
export type { MemoryOptions } from './memory-backend.ts'
