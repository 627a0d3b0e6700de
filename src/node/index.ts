export { Node } from './node.ts'
export type { Readiness } from './readiness.ts'
export { open } from './open.ts'
export type { OpenOptions } from './open.ts'
