export { createFetchHandler } from './fetch-handler.ts'
export { serve } from './serve.ts'
export type { HttpServer, ServeOptions } from './serve.ts'
export { statusOf } from './status.ts'
