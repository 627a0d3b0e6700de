export { memory } from './memory-backend.ts'
