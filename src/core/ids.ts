import { randomUUID } from 'node:crypto'

/** Makes ids that are never given twice. */
export type IdSource = () => string

export const randomIds: IdSource = () => randomUUID()
