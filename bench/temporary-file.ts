import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFile {
  readonly file: string
  remove(): Promise<void>
}

/** In a folder of its own, with which it goes. */
export async function temporaryFile(name: string): Promise<TemporaryFile> {
  const folder = await mkdtemp(join(tmpdir(), 'aether-bench-'))
  return {
    file: join(folder, name),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
