import { AetherError } from '../../../core/index.ts'

/**
 * Conditional publishes could pass each other before 2.11, and 2.14 mends atomic batches and
 * security holes: the server's release notes. Before 2.14.4, one that guards several actors might be held against
 * the wrong one (`expectedPerSubject` of nats-server): docs/decisions/0085-what-was-read-is-guarded.md.
 */
const leastVersion = '2.14.4'
/** Since when a stream takes `allow_atomic`: the server's ADR-50. */
const atomicBatchVersion = '2.12.0'

/** @throws AetherError `incompatible-store` */
export function checkServerVersion(found: string, allowOldServer: boolean): void {
  if (allowOldServer || isAtLeast(found, leastVersion)) return
  throw new AetherError(
    'incompatible-store',
    `nats-server ${found} is too old: Aether needs ${leastVersion} or newer (allowOldServer: true uses it all the same)`,
  )
}

export function supportsAtomicBatches(version: string): boolean {
  return isAtLeast(version, atomicBatchVersion)
}

function isAtLeast(version: string, least: string): boolean {
  const found = numbersOf(version)
  for (const [place, wanted] of numbersOf(least).entries()) {
    const difference = (found[place] ?? 0) - wanted
    if (difference !== 0) return difference > 0
  }
  return true
}

/** `2.14.0-RC.1` counts as 2.14.0. */
function numbersOf(version: string): number[] {
  return version.split('-', 1).flatMap((core) => core.split('.').map((part) => parseInt(part) || 0))
}
