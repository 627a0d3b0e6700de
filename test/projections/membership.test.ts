import { fc } from '../support/fast-check.ts'
import { describe, expect, test } from 'vitest'
import { memory } from '../../src/backends/memory/index.ts'
import { AetherError, processLogger } from '../../src/core/index.ts'
import { assignmentKey, readAssignment } from '../../src/projections/membership/assignment.ts'
import { joinMembers } from '../../src/projections/membership/join-members.ts'
import type { PartOwnership } from '../../src/projections/progress/part-ownership.ts'
import type { DocumentTable } from '../../src/store/index.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { SimulatedProcess, type SimulatedWorld } from './simulated-process.ts'

const parts = ['0', '1', '2', '3', '4', '5', '6', '7']
const [leaseMs, renewMs] = [5_000, 1_000]

class Scene {
  readonly world: SimulatedWorld
  readonly processes: SimulatedProcess[] = []

  constructor(world: SimulatedWorld) {
    this.world = world
  }

  static async open({ seed = 1, failing = 0 } = {}): Promise<Scene> {
    const store = await memory().openStore()
    const random = new SeededRandom(seed)
    const world = { clock: new VirtualClock(), table: await store.table('members'), failing }
    return new Scene({ ...world, random })
  }

  /** Time goes on in small steps, after each of which no part may have two owners. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      await this.world.clock.advance(Math.min(50, left))
      this.checkBeliefs()
    }
  }

  async join(memberId: string): Promise<SimulatedProcess> {
    const process = new SimulatedProcess(memberId, this.world)
    this.processes.push(process)
    await this.during(process.join('g', parts))
    await this.pass(1_000)
    return process
  }

  /** Time goes on until it has settled. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isOver = false
    const over = (): void => void (isOver = true)
    work.then(over, over)
    while (!isOver) await this.pass(50)
    return work
  }

  checkBeliefs(): void {
    const owned = this.processes.flatMap((process) => [...process.owned('g')])
    expect(owned.toSorted()).toEqual([...new Set(owned)].toSorted())
  }

  shares(): number[] {
    return this.processes.map((process) => process.owned('g').size)
  }

  /** Every part has one owner, and all that take part have nearly as many. */
  expectFairness(members: readonly SimulatedProcess[]): void {
    const owned = members.flatMap((process) => [...process.owned('g')])
    expect(owned.toSorted()).toEqual(members.length > 0 ? parts : [])
    const shares = members.map((process) => process.owned('g').size)
    if (members.length > 0) expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
  }

  /** How long it takes until these own everything. */
  async untilOwned(by: readonly SimulatedProcess[]): Promise<number> {
    for (let ms = 0; ms < 60_000; ms += 50) {
      if (by.flatMap((process) => [...process.owned('g')]).length === parts.length) return ms
      await this.pass(50)
    }
    throw new Error('nobody took the parts')
  }
}

interface Scenario {
  readonly seed: number
  readonly failing: number
  /** Few: a process comes again under its name, or another one has the same. */
  readonly names: number
  readonly events: readonly {
    readonly kind: 'join' | 'kill' | 'freeze' | 'goOn' | 'leave'
    readonly who: number
    readonly afterMs: number
  }[]
}

/** Fails where two processes believe to own a part, or in the end some have less than their share. */
async function play({ seed, failing, names, events }: Scenario): Promise<void> {
  const scene = await Scene.open({ seed, failing })
  const left = new Set<SimulatedProcess>()
  for (const { kind, who, afterMs } of events) {
    const process = scene.processes[who % Math.max(1, scene.processes.length)]
    if (kind === 'join') {
      const name = `m${scene.processes.length % names}`
      const joining = new SimulatedProcess(name, scene.world)
      scene.processes.push(joining)
      joining.join('g', parts).catch(() => left.add(joining))
    } else if (kind === 'leave' && process) {
      left.add(process)
      void process.leave('g')
    } else if (kind !== 'leave') process?.[kind]()
    await scene.pass(afterMs)
  }
  for (const process of scene.processes) process.goOn()
  await scene.pass(60_000)
  if (failing === 0)
    scene.expectFairness(scene.processes.filter((each) => !each.isKilled && !left.has(each)))
}

describe('members of a group', () => {
  test('who is alone has all parts when it has joined', async () => {
    const scene = await Scene.open()
    const process = new SimulatedProcess('a', scene.world)
    expect((await scene.during(process.join('g', parts))).owned).toEqual(new Set(parts))
  })

  test('those who come get their share, as soon as the others are done with it', async () => {
    const scene = await Scene.open()
    const first = await scene.join('a')
    const ownership = await scene.during(first.join('other', parts))
    const busy = Promise.withResolvers<void>()
    ownership.onChange(() => busy.promise)
    const second = new SimulatedProcess('b', scene.world)
    scene.processes.push(second)
    void second.join('g', parts)
    void second.join('other', parts)
    await scene.pass(3_000)
    expect(scene.shares()).toEqual([4, 4])
    expect([first.owned('other').size, second.owned('other').size]).toEqual([4, 0])
    busy.resolve()
    await scene.pass(3_000)
    expect([first.owned('other').size, second.owned('other').size]).toEqual([4, 4])
  })

  test('what one had that was killed is taken within a lease and two renewals', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const scene = await Scene.open({ seed })
      const [first, second, third] = [
        await scene.join('a'),
        await scene.join('b'),
        await scene.join('c'),
      ]
      await scene.pass(4_000 + seed * 77)
      second.kill()
      expect(await scene.untilOwned([first, third])).toBeLessThanOrEqual(leaseMs + 2 * renewMs)
      await scene.pass(2_000)
      scene.expectFairness([first, third])
      const found = await scene.world.table.get(assignmentKey)
      const { members, groups } = readAssignment(found?.text)
      const owned = [first, third].flatMap((each) =>
        [...each.owned('g')].map((part) => [part, each.memberId]),
      )
      const owners = Array.from(groups.get('g')?.owners ?? [], ([part, identity]) => [
        part,
        members.get(identity)?.memberId,
      ])
      expect(owners.toSorted()).toEqual(owned.toSorted())
    }
  })

  test('what one leaves the others have at once', async () => {
    const scene = await Scene.open()
    const [first, second] = [await scene.join('a'), await scene.join('b')]
    await scene.pass(3_000)
    const leaving = first.leave('g')
    expect(await scene.untilOwned([second])).toBeLessThanOrEqual(renewMs)
    await leaving
    expect(first.owned('g').size).toBe(0)
    const left = second.leave('g')
    await scene.during(left)
    expect(await Array.fromAsync(scene.world.table.list(''))).toMatchObject([
      { key: 'assignment', text: '{"members":[],"groups":[]}' },
    ])
  })

  test('one that was frozen learns that others have its parts, and gets its share again', async () => {
    const scene = await Scene.open()
    const [first, second] = [await scene.join('a'), await scene.join('b')]
    await scene.pass(3_000)
    let changes = 0
    const frozen = await scene.during(second.join('other', parts))
    frozen.onChange(() => void changes++)
    second.freeze()
    await scene.pass(leaseMs)
    expect(second.owned('g').size).toBe(0)
    expect(await scene.untilOwned([first])).toBeLessThanOrEqual(2 * renewMs)
    expect(changes).toBe(0)
    second.goOn()
    await scene.pass(4_000)
    expect(changes).toBeGreaterThan(0)
    expect(second.warnings).toEqual([expect.stringMatching(/b was taken for dead/)])
    scene.expectFairness([first, second])
  })

  test('one that was frozen where nobody took its parts has them again', async () => {
    const scene = await Scene.open()
    const alone = await scene.join('a')
    alone.freeze()
    await scene.pass(20_000)
    expect(alone.owned('g').size).toBe(0)
    alone.goOn()
    await scene.pass(2_000)
    expect(alone.owned('g').size).toBe(8)
    expect(alone.warnings).toEqual([])
  })

  test('a process that comes again under the same name waits for the lease of the one before', async () => {
    const scene = await Scene.open()
    const first = await scene.join('a')
    await scene.pass(3_000)
    first.kill()
    const again = await scene.join('a')
    expect(again.owned('g').size).toBe(0)
    expect(await scene.untilOwned([again])).toBeLessThanOrEqual(leaseMs + 2 * renewMs)
  })

  test('one that can show no more that it lives leaves all the same', async () => {
    const scene = await Scene.open()
    const { clock, table } = scene.world
    let isCut = false
    let isLosing = false
    const put: typeof table.put = async (key, text, expected) => {
      if (isCut && key !== 'assignment') throw new Error('it was to fail')
      const revision = await table.put(key, text, expected)
      if (!isLosing || key !== 'assignment') return revision
      isLosing = false
      throw new Error('its answer is lost')
    }
    const own: typeof table = {
      maxTextBytes: table.maxTextBytes,
      get: (key) => table.get(key),
      getMany: (keys) => table.getMany(keys),
      list: (prefix) => table.list(prefix),
      put,
      remove: (key, expected) => table.remove(key, expected),
      watch: (wake) => table.watch(wake),
      clear: () => table.clear(),
    }
    const around = { table: own, clock, logger: processLogger, memberId: 'a', parts }
    const ownership = await scene.during(joinMembers({ ...around, group: 'g' }))
    isCut = true
    await scene.pass(2 * leaseMs)
    expect(ownership.owned.size).toBe(0)
    isLosing = true
    await scene.during(Promise.resolve(ownership[Symbol.asyncDispose]()))
    expect(await table.get('assignment')).toMatchObject({ text: '{"members":[],"groups":[]}' })
  })

  test.each(['clear', 'assignment'] as const)('what is lost comes again: %s', async (lost) => {
    const scene = await Scene.open()
    const members = [await scene.join('a'), await scene.join('b'), await scene.join('c')]
    await scene.pass(3_000)
    const { table, clock } = scene.world
    const found = await table.get('assignment')
    if (lost === 'clear') await table.clear()
    else await table.remove('assignment', found?.revision ?? 0)
    // Some may share a part for so long.
    for (let ms = 0; ms < leaseMs + renewMs; ms += 50) await clock.advance(50)
    await scene.pass(10_000)
    scene.expectFairness(members)
  })

  test('who only stays costs a write a second, however many groups there are', async () => {
    const scene = await Scene.open()
    for (const name of ['a', 'b', 'c', 'd']) {
      const process = await scene.join(name)
      for (const group of ['h', 'i', 'j']) void process.join(group, parts)
      await scene.pass(2_000)
    }
    await scene.pass(10_000)
    const before = scene.processes.map(({ writes, reads }) => ({ writes, reads }))
    await scene.pass(60_000)
    scene.processes.forEach(({ writes, reads }, n) => {
      expect(writes - (before[n]?.writes ?? 0)).toBeLessThanOrEqual(61)
      expect(reads - (before[n]?.reads ?? 0)).toBeLessThanOrEqual(60 * 6)
    })
  })

  test('one whose look fails as it joins another group goes on, and is woken no more often', async () => {
    await using store = await memory().openStore()
    const kept = await store.table('members')
    const clock = new VirtualClock()
    let [isFailing, watches] = [false, 0]
    const table: DocumentTable = {
      maxTextBytes: kept.maxTextBytes,
      get: async (key) => {
        if (isFailing) throw new AetherError('store-unavailable', 'it was to fail')
        return kept.get(key)
      },
      getMany: (keys) => kept.getMany(keys),
      list: (...range) => kept.list(...range),
      put: (key, text, expected) => kept.put(key, text, expected),
      remove: (key, expected) => kept.remove(key, expected),
      watch: (wake) => {
        watches++
        return kept.watch(wake)
      },
      clear: () => kept.clear(),
    }
    const logger = processLogger
    const join = (group: string): Promise<PartOwnership> =>
      joinMembers({ table, group, parts, memberId: 'a', clock, logger })
    await using first = await join('g')
    isFailing = true
    await expect(join('h')).rejects.toMatchObject({ code: 'store-unavailable' })
    isFailing = false
    await using second = await join('h')
    expect([first.owned.size, second.owned.size, watches]).toEqual([8, 8, 1])
  })

  test('one that was frozen, and finds another under its name, takes nothing from that one', async () => {
    const scene = await Scene.open()
    const begin = (memberId: string): void => {
      const process = new SimulatedProcess(memberId, scene.world)
      scene.processes.push(process)
      void process.join('g', parts)
    }
    begin('a')
    begin('b')
    scene.processes[0]?.freeze() // it has sent its first sign of life
    begin('c')
    await scene.pass(1_841)
    begin('d')
    await scene.pass(3_260)
    begin('a')
    await scene.pass(3_224)
    scene.processes[0]?.goOn()
    await scene.pass(60_000)
    scene.expectFairness(scene.processes)
  })

  test('one that begins another life while it looks around takes nothing from its namesake', async () => {
    const events = [
      { kind: 'join', who: 0, afterMs: 3_238 },
      { kind: 'join', who: 0, afterMs: 3_400 },
      { kind: 'freeze', who: 0, afterMs: 868 },
      { kind: 'join', who: 0, afterMs: 5_557 },
      { kind: 'kill', who: 4, afterMs: 4_327 },
      { kind: 'join', who: 0, afterMs: 2_303 },
    ] as const
    await play({ seed: 509_772, failing: 0, names: 1, events })
  })

  test('what one released as another one died is not left lying: it may be its own again', async () => {
    const events = [
      { kind: 'join', who: 0, afterMs: 0 },
      { kind: 'join', who: 0, afterMs: 153 },
      { kind: 'kill', who: 3, afterMs: 0 },
      { kind: 'join', who: 0, afterMs: 4_776 },
      { kind: 'join', who: 0, afterMs: 0 },
    ] as const
    await play({ seed: 1, failing: 0, names: 1, events })
  })

  test('whatever happens, nobody shares a part, and in the end all have their share', async () => {
    const event = fc.record({
      kind: fc.constantFrom('join', 'join', 'kill', 'freeze', 'goOn', 'leave'),
      who: fc.nat({ max: 5 }),
      afterMs: fc.integer({ min: 0, max: 6_000 }),
    })
    const scenario = fc.record({
      seed: fc.integer({ min: 1, max: 1_000_000 }),
      failing: fc.constantFrom(0, 0.05, 0.3),
      names: fc.constantFrom(1, 2, 100),
      events: fc.array(event, { minLength: 1, maxLength: 14 }),
    })
    await fc.assert(fc.asyncProperty(scenario, play), { numRuns: 40 })
  })
})
