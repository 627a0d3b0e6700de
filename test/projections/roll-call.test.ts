import { describe, expect, test } from 'vitest'
import { memory } from '../../src/backends/memory/index.ts'
import { type CalledMember, callRoll } from '../../src/projections/membership/roll-call.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { SimulatedProcess, type SimulatedWorld } from './simulated-process.ts'

const parts = ['0', '1', '2', '3']
const hourMs = 3_600_000

class Scene {
  readonly world: SimulatedWorld
  readonly process: SimulatedProcess

  constructor(world: SimulatedWorld) {
    this.world = world
    this.process = new SimulatedProcess('a', world)
  }

  static async open(): Promise<Scene> {
    const store = await memory().openStore()
    const table = await store.table('members')
    const clock = new VirtualClock()
    const scene = new Scene({ clock, table, random: new SeededRandom(1), failing: 0 })
    await scene.during(scene.process.join('g', parts))
    return scene
  }

  /** How it looks from outside, by a clock that goes wrong by so much. */
  async look(aheadMs: number, listens = true): Promise<readonly CalledMember[]> {
    const { clock, table } = this.world
    const own = {
      now: () => clock.now() + aheadMs,
      monotonic: () => clock.monotonic(),
      sleep: (ms: number) => clock.sleep(ms),
      every: (ms: number, task: () => void) => clock.every(ms, task),
    }
    return this.during(callRoll({ table, groups: ['g', 'other'], clock: own, listens }))
  }

  async during<T>(work: Promise<T>): Promise<T> {
    let isOver = false
    const over = (): void => void (isOver = true)
    work.then(over, over)
    while (!isOver) await this.world.clock.advance(50)
    return work
  }
}

describe('who looks from outside whether members live', () => {
  test.each([
    ['its own clock', 0],
    ['one that is an hour ahead', hourMs],
    ['one that is an hour behind', -hourMs],
  ])('sees one that does, by %s', async (_clock, aheadMs) => {
    const scene = await Scene.open()
    await scene.world.clock.advance(60_000)
    expect(await scene.look(aheadMs)).toMatchObject([{ group: 'g', isSilent: false }])
  })

  test.each([
    ['its own clock', 0],
    ['one that is an hour ahead', hourMs],
    ['one that is an hour behind', -hourMs],
  ])('sees one that was killed as silent, by %s', async (_clock, aheadMs) => {
    const scene = await Scene.open()
    const { clock } = scene.world
    await clock.advance(7_300)
    const killedAt = clock.now()
    scene.process.kill()
    await clock.advance(20_000)
    const [seen] = await scene.look(aheadMs)
    expect(seen).toMatchObject({ group: 'g', isSilent: true })
    expect(killedAt - (seen?.heardAt ?? 0)).toBeLessThanOrEqual(1_500)
  })

  test('waits for nobody who was not heard of for two days', async () => {
    const scene = await Scene.open()
    const { clock } = scene.world
    scene.process.kill()
    await clock.advance(48 * hourMs)
    const before = clock.monotonic()
    expect(await scene.look(0)).toMatchObject([{ isSilent: true }])
    expect(clock.monotonic() - before).toBeLessThanOrEqual(100)
    expect(await scene.look(0, false)).toMatchObject([{ isSilent: true }])
  })

  test('does not listen where it need not', async () => {
    const scene = await Scene.open()
    const before = scene.world.clock.monotonic()
    expect(await scene.look(hourMs, false)).toMatchObject([{ isSilent: false }])
    expect(scene.world.clock.monotonic() - before).toBeLessThanOrEqual(100)
  })

  test('sees nobody who has left, or was buried', async () => {
    const scene = await Scene.open()
    const { table } = scene.world
    const found = await Array.fromAsync(table.list('member/'))
    scene.process.kill()
    for (const { key, revision } of found) await table.remove(key, revision)
    expect(await scene.look(0)).toEqual([])
    const left = await Scene.open()
    await left.during(left.process.leave('g'))
    expect(await left.look(0)).toEqual([])
  })
})
