import { open } from 'aether'
import { memory } from 'aether/memory'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Thing } from '../http/thing.ts'

test('a logger of pino is told what happened, with its fields', async () => {
  const lines: string[] = []
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(line) })
  await using node = await open({
    backend: memory(),
    actors: [Thing],
    limits: { failuresInARow: 1 },
    logger,
  })
  await expect(node.get(Thing, 'a').fail()).rejects.toThrow('decide is broken')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      level: 50,
      actorId: 'thing-a',
      reason: 'thing-a failed in decide of fail: decide is broken',
      msg: expect.stringContaining('thing-a is in quarantine'),
    },
  ])
})
