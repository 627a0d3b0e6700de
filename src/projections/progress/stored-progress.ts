import type { DocumentTable, Progress, ProgressChange } from '../../store/index.ts'

/** How far parts are, as documents whose keys begin with the prefix: in the order of the parts. */
export async function loadProgress(
  table: DocumentTable,
  prefix: string,
): Promise<readonly Progress[]> {
  const parts: Progress[] = []
  for await (const { key, text, revision } of table.list(prefix))
    parts.push({ part: key.slice(prefix.length), text, revision })
  return parts.toSorted((a, b) => Number(a.part) - Number(b.part))
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
