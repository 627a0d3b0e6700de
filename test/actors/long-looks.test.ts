import { setTimeout as sleep } from 'node:timers/promises'
import { actor, open } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import * as z from 'zod'

const Counter = actor('counter', {
  state: { count: 0 },
  events: { Counted: z.object({}) },
  evolve: { Counted: (s) => ({ count: s.count + 1 }) },
  commands: { count: { decide: (_s, _c, on) => on.Counted({}) } },
  queries: { total: { answer: (s) => s.count } },
})

test.each(['state', 'query'])(
  'who looks at many actors by %s holds up nothing else',
  async (by) => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    let ticks = 0
    const ended = new AbortController()
    const ticking = (async () => {
      for (; !ended.signal.aborted; ticks++) await sleep(1)
    })()
    for (let n = 0; n < 200; n++) {
      const key = `c${n}`
      await (by === 'state' ? node.state(node.get(Counter, key)) : node.get(Counter, key).total())
      // It takes a while, without ever waiting.
      const end = performance.now() + 1
      while (performance.now() < end);
    }
    ended.abort()
    expect(ticks).toBeGreaterThan(2)
    await ticking
  },
)
