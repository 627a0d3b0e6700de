import type { DocumentTable, Progress, ProgressChange } from '../../store/index.ts'

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
 */
export async function storeProgress(
  table: DocumentTable,
  prefix: string,
  changes: readonly ProgressChange[],
): Promise<readonly Progress[]> {
  const stored = await Promise.all(
    changes.map(async ({ part, text, expected }) => {
      const revision = await table.put(prefix + part, text, expected)
      return revision === undefined ? [] : [{ part, text, revision }]
    }),
  )
  return stored.flat()
}
