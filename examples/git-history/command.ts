import { type Backend, isAetherError, type Node, open } from 'aether'
import { type Arguments, parseArguments, usage } from './arguments.ts'
import { Authors, busiestAuthors } from './authors.ts'
import { parseBackend } from './backend.ts'
import { closestFiles, Commits } from './commits.ts'
import { File } from './file.ts'
import { countCommits } from './git-log.ts'
import { importHistory, importLimits, type ImportProgress } from './import.ts'
import { printable } from './path.ts'
import { Problem } from './problem.ts'
import { ProgressBar } from './progress.ts'
import { describeAuthors, describeImport, describePairs, describeVerification } from './report.ts'
import { Repository } from './repository.ts'
import { surveyEvents } from './survey.ts'
import { verifyHistory } from './verify.ts'

const views = [Authors, Commits]
/** Those of an older import may begin at its beginning. */
const viewsTimeoutMs = 3_600_000
const rankingShown = 5

/** Where the command writes, a text at a time, without its last line feed. */
export interface CommandOutput {
  readonly print: (text: string) => void
  readonly complain: (text: string) => void
}

/** Runs the command line to its end; resolves with the exit code. What the user got wrong is one line. */
export async function runCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  try {
    return await run(args, output)
  } catch (error) {
    if (!(error instanceof Problem) && !isAetherError(error)) throw error
    output.complain(`git-history: ${printable(error.message)}`)
    return error instanceof Problem ? error.exitCode : 1
  }
}

async function run(args: readonly string[], { print }: CommandOutput): Promise<number> {
  const given = parseArguments(args)
  if (given.help) {
    print(usage)
    return 0
  }
  const backend = await parseBackend(given.backend)
  const repository = await Repository.open(given.directory)
  const tip = await repository.commitId(given.ref)
  const start = performance.now()
  const done = await importInto(backend, repository, tip, given)
  const seconds = (performance.now() - start) / 1_000
  // Another node: what it says comes from the store alone.
  await using reader = await openNode(backend)
  const survey = await surveyEvents(reader.events)
  print(describeImport(done, survey, seconds))
  print(`\n${describeAuthors(await busiestAuthors(reader, rankingShown))}`)
  print(`\n${describePairs(await closestFiles(reader, rankingShown))}`)
  if (!given.verify) return 0
  const verification = await verifyHistory(reader, survey, { repository, commit: tip })
  print(`\n${describeVerification(verification, tip)}`)
  return verification.differences.length === 0 ? 0 : 1
}

async function importInto(
  backend: Backend,
  repository: Repository,
  tip: string,
  { limit = Infinity }: Arguments,
): Promise<ImportProgress> {
  await using node = await openNode(backend)
  using bar = new ProgressBar(Math.min(limit, await countCommits(repository, tip)))
  const done = await importHistory(node, {
    repository,
    tip,
    limit,
    onProgress: (progress) => bar.show(progress),
  })
  // They read along, and may be a little behind.
  for (const view of views)
    await node.projection(view).reached(done.position, { timeoutMs: viewsTimeoutMs })
  return done
}

function openNode(backend: Backend): Promise<Node<typeof File>> {
  return open({ backend, actors: [File], projections: views, limits: importLimits })
}
