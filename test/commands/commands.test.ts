import { describe, expect, test } from 'vitest'
import { runCommands } from './command-run.ts'

/** `command-check` runs longer. */
const backends = ['sqlite', 'nats-r1'] as const

describe.each(backends)('%s', (backend) => {
  test('every command takes effect once, though its node is killed again and again', async () => {
    const commands = 700
    const { findings, figures } = await runCommands({
      ...{ backend, commands, seed: 1, answersPerKill: 150 },
      transfers: 0.1, // on JetStream they take long
    })
    expect(findings).toEqual([])
    expect(figures.commands).toBe(commands)
    // Else nothing was shown.
    expect(figures.kills).toBeGreaterThan(1)
    expect(figures.lost).toBeGreaterThan(0)
    expect(figures.repeated).toBeGreaterThan(0)
    expect(figures.rejected).toBeGreaterThan(0)
  })

  test('two nodes that know nothing of each other work on the same actors', async () => {
    const commands = 400
    const { findings, figures } = await runCommands({
      ...{ backend, commands, seed: 1, nodes: 2, accounts: 4, answersPerKill: 0 },
      transfers: 0.1,
    })
    expect(findings).toEqual([])
    expect(figures.commands).toBe(commands)
    // Nodes decide again by themselves: hardly any conflict gets to a caller.
    expect(figures.passing['version-conflict'] ?? 0).toBeLessThan(commands / 4)
  })
})
