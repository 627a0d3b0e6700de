import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { type GitFacts, readGitFacts } from './git-facts.ts'
import { type Commit, readCommits } from './git-log.ts'
import { Repository } from './repository.ts'
import { sampleHistory } from './sample-history.ts'
import { git, makeRepository } from './sample-repository.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let sample: string

beforeAll(async () => {
  folder = await temporaryFolder()
  sample = join(folder.path, 'sample.git')
  await makeRepository(sample, sampleHistory)
})

afterAll(() => folder.remove())

async function commitsOf(directory: string): Promise<Commit[]> {
  const repository = await Repository.open(directory)
  return Array.fromAsync(readCommits(repository, await repository.commitId('HEAD')))
}

async function factsOf(directory: string): Promise<GitFacts> {
  const repository = await Repository.open(directory)
  return readGitFacts(repository, await repository.commitId('HEAD'))
}

describe('what git writes', () => {
  test('is one commit after the other, as in rev-list', async () => {
    const ids = (await commitsOf(sample)).map(({ id }) => id)
    const mainLine = await git(['-C', sample, 'rev-list', '--first-parent', '--reverse', 'HEAD'])
    expect(ids).toEqual(mainLine.trim().split('\n'))
  })

  test('does not depend on the configuration or the attributes of the user', async () => {
    const directory = join(folder.path, 'configured')
    await git(['clone', '--quiet', '--no-checkout', sample, directory])
    const settings = {
      'log.showRoot': 'false',
      'log.showSignature': 'true',
      'log.diffMerges': 'off',
      'log.decorate': 'full',
      'diff.renames': 'false',
      'diff.renameLimit': '1',
      'diff.ignoreSubmodules': 'all',
      'diff.relative': 'true',
      'diff.noprefix': 'true',
      'color.ui': 'always',
      'core.quotePath': 'true',
      'core.attributesFile': join(directory, '.gitattributes'),
      'i18n.logOutputEncoding': 'UTF-16',
    }
    for (const [name, value] of Object.entries(settings))
      await git(['-C', directory, 'config', name, value])
    await writeFile(join(directory, '.gitattributes'), '* -diff\n')
    expect(await commitsOf(directory)).toEqual(await commitsOf(sample))
    expect(await factsOf(directory)).toEqual(await factsOf(sample))
  })
})
