import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { repository } from './repository.ts'

interface Report {
  readonly diagnostics: readonly { readonly filename: string; readonly code: string }[]
}

/**
 * Runs the real linter with the repository's own settings on throw-away files.
 * Gives each file's broken rules, as `no-console`; none where the file is legal.
 */
export async function lint(files: Record<string, string>): Promise<Map<string, string[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'aether-lint-'))
  try {
    await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
    for (const name of ['oxlint.config.ts', 'tsconfig.json'])
      await cp(join(repository, name), join(folder, name))
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    const { diagnostics } = await runLinter(folder, Object.keys(files))
    const broken = Map.groupBy(diagnostics, ({ filename }) => filename)
    return new Map(
      Object.keys(files).map((name) => [
        name,
        (broken.get(name) ?? []).map(({ code }) => ruleOf(code)),
      ]),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `eslint(no-console)` is `no-console`. */
function ruleOf(code: string): string {
  return /\((.+)\)$/.exec(code)?.[1] ?? code
}

function runLinter(folder: string, files: readonly string[]): Promise<Report> {
  const linter = join(repository, 'node_modules/oxlint/bin/oxlint')
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [linter, '--format=json', ...files],
      { cwd: folder },
      (_, stdout, stderr) => {
        try {
          resolve(JSON.parse(stdout) as Report)
        } catch (cause) {
          reject(new Error(`the linter did not run: ${stdout}${stderr}`, { cause }))
        }
      },
    )
  })
}
