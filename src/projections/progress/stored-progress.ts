import { AetherError } from '../../core/index.ts'
import type { DocumentTable, Progress, ProgressChange } from '../../store/index.ts'
import { heldIn, shortened } from './part-progress.ts'

/**
 * How far these parts are that were stored, as documents whose keys begin with the prefix. They are asked for by
 * their keys: on JetStream, to list those of a prefix goes through all the table has.
 */
export async function loadProgress(
  table: DocumentTable,
  prefix: string,
  parts: readonly string[],
): Promise<readonly Progress[]> {
  const found = await table.getMany(parts.map((part) => prefix + part))
  return parts.flatMap((part) => {
    const document = found.get(prefix + part)
    return document ? [{ part, text: document.text, revision: document.revision }] : []
  })
}

/**
 * Stores each part for itself: where one is lost, the others are true all the same.
 * @returns those that were stored
 * @throws AetherError `reader-stopped` where a part holds back more actors than a document has room for; and as
 * a table
 */
export async function storeProgress(
  table: DocumentTable,
  prefix: string,
  changes: readonly ProgressChange[],
): Promise<readonly Progress[]> {
  const fitting = changes.map((change) => ({ ...change, text: fitted(table, change) }))
  const stored = await Promise.all(
    fitting.map(async ({ part, text, expected }) => {
      const revision = await table.put(prefix + part, text, expected)
      return revision === undefined ? [] : [{ part, text, revision }]
    }),
  )
  return stored.flat()
}

/** A thousand actors with all that is told of their causes may be more than a server takes at once. */
function fitted({ maxTextBytes }: DocumentTable, { part, text }: ProgressChange): string {
  const fits = (each: string): boolean => Buffer.byteLength(each) <= maxTextBytes
  if (fits(text)) return text
  for (const shorter of shortened(text)) if (fits(shorter)) return shorter
  const message = `part ${part} holds back ${heldIn(text)} actors, for whom there is no room in the ${maxTextBytes} bytes that the store takes at once: mend the cause and retry them, or skip them; or raise max_payload of the server`
  throw new AetherError('reader-stopped', message)
}
