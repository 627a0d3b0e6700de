import type { ProjectionStatus } from '../../projections/index.ts'

/** `2`; `1, and 2 is read`: nodes of newer code have made what is read, or of older code still do. */
export function versionCell({
  version,
  readVersion,
}: Pick<ProjectionStatus, 'version' | 'readVersion'>): string {
  return readVersion === undefined ? String(version) : `${version}, and ${readVersion} is read`
}

/** `1`; `1, then 2 of version 3 by 2 members`; `1, then 2 of version 3 by nobody`. */
export function buildCell({ build, next }: Pick<ProjectionStatus, 'build' | 'next'>): string {
  if (!next) return String(build)
  const { members } = next
  const makers = members === 0 ? 'nobody' : `${members} ${members === 1 ? 'member' : 'members'}`
  return `${build}, then ${next.build} of version ${next.version} by ${makers}`
}
