/** What somebody writes who has installed Aether: packed.test.ts compiles and runs it. */
import assert from 'node:assert/strict'
import { actor, type CommandResult, isAetherError, open, reject } from 'aether'
import { createFetchHandler } from 'aether/http'
import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { checkActor, eventStoreConformance, given, testNode } from 'aether/testing'
import * as z from 'zod'

const Door = actor('door', {
  state: { isOpen: false },
  events: { Opened: z.object({ by: z.string() }) },
  evolve: { Opened: () => ({ isOpen: true }) },
  commands: {
    open: {
      input: z.object({ by: z.string() }),
      decide: (state, { by }, on) => (state.isOpen ? reject('open-already') : on.Opened({ by })),
    },
  },
})

await using house = await open({ backend: memory(), actors: [Door] })
const opened: CommandResult = await house.get(Door, 'front').open({ by: 'Ann' })
const { state } = await house.state(house.get(Door, 'front'))
const isOpen: boolean = state.isOpen
assert.equal(opened.version, 1)
assert.equal(isOpen, true)
await assert.rejects(house.get(Door, 'front').open({ by: 'Bob' }), (error) => {
  return isAetherError(error) && error.code === 'command-rejected'
})
assert.equal(typeof createFetchHandler(house), 'function')
assert.ok([nats, sqlite].every((backend) => typeof backend === 'function'))
assert.ok(eventStoreConformance.length > 0)
given(Door, (on) => on.Opened({ by: 'Ann' }))
  .when('open', { by: 'Bob' })
  .thenRejected('open-already')
assert.equal(checkActor(Door).runs, 100)
await using home = await testNode({ actors: [Door] })
await home.clock.advance(1_000)
console.log('consumed')
