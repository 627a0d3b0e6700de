import { expect, test } from 'vitest'
import { runDeploy } from './deploy-run.ts'

/** `npm run rolling-deploy` runs longer, and on JetStream. */
const options = { backend: 'sqlite', seed: 1, commandsPerStep: 15 } as const
/** Ten processes start one after the other, on a machine that may have much else to do. */
const timeout = 900_000

test('a deploy of readers and then of writers is noticed by nobody', { timeout }, async () => {
  const { findings, figures } = await runDeploy({ ...options, plan: 'staged' })
  expect(findings).toEqual([])
  // Else nothing was shown.
  expect(figures.kills).toBeGreaterThan(0)
})

test(
  'a deploy of all at once, and the rollback of a node: what the old code can not read waits for the new',
  { timeout },
  async () => {
    const { findings, figures } = await runDeploy({ ...options, plan: 'sudden' })
    expect(findings).toEqual([])
    expect(figures.kills).toBeGreaterThan(0)
    expect(figures.failures['version-1: malformed-event']).toBeGreaterThan(0)
  },
)
