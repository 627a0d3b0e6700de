export { Node } from './node.ts'
export type { ActorView } from './node.ts'
export { open } from './open.ts'
export type { OpenOptions } from './open.ts'
