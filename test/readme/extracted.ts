import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { repository } from '../checks/repository.ts'
import type { Document } from '../support/document.ts'

const run = promisify(execFile)

/** The code of documents in a folder. */
export class Extracted implements AsyncDisposable {
  readonly path: string

  /** Inside the project, so that its imports find what an application's would. */
  private constructor(name: string) {
    this.path = join(import.meta.dirname, 'extracted', name)
  }

  /** @param write what is written there @param lenient what the compiler is not to mind */
  static async by(
    name: string,
    write: (folder: string) => Promise<void>,
    lenient: object = {},
  ): Promise<Extracted> {
    const extracted = new Extracted(name)
    const { path } = extracted
    await rm(path, { recursive: true, force: true }) // of a run that was killed
    await mkdir(path, { recursive: true })
    await write(path)
    const extending = { extends: join(repository, 'tsconfig.json'), include: ['**/*.ts'] }
    const config = { ...extending, compilerOptions: lenient }
    await writeFile(join(path, 'tsconfig.json'), JSON.stringify(config))
    return extracted
  }

  /** The files that documents show. */
  static of(name: string, ...documents: readonly Document[]): Promise<Extracted> {
    return Extracted.by(name, async (folder) => {
      for (const document of documents) await document.extract(folder)
    })
  }

  async compile(): Promise<void> {
    // With several checkers, each would look at the declarations that all need.
    const args = ['--singleThreaded', '--project', this.path]
    const compiled = run(join(repository, 'node_modules/.bin/tsc'), args)
    await compiled.catch(({ stdout }: { stdout: string }) => expect.fail(stdout))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

/** Runs a file by this very Node on the sources; what it prints. */
export async function runNode(cwd: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['--conditions=aether-source', ...args], { cwd })
  return stdout
}

/** Runs a line of curl against a node that listens elsewhere; what it prints. */
export async function curl(line: string, url: string): Promise<string> {
  const here = line.replace('http://127.0.0.1:4040', url).replace('curl', 'curl -sS')
  const { stdout } = await run('sh', ['-c', here])
  return stdout
}
