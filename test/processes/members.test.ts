import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { placeKinds } from '../support/store-place.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { MemberProcess, type Tenure } from './member-process.ts'

const parts = ['0', '1', '2', '3', '4', '5', '6', '7']
const [leaseMs, renewMs] = [2_000, 400]

/** Each part has one owner, and nobody has two more than another. */
function areShared(members: readonly MemberProcess[]): boolean {
  const shares = members.map(({ owned }) => owned.length)
  const all = members.flatMap(({ owned }) => owned).toSorted()
  return all.join() === parts.join() && Math.max(...shares) - Math.min(...shares) <= 1
}

async function untilShared(by: readonly MemberProcess[], when: string): Promise<void> {
  await until(() => areShared(by), { description: `all is shared ${when}`, timeoutMs: 60_000 })
}

/** The same part, certainly of two processes at the same time. */
function overlaps(tenures: readonly Tenure[]): readonly (readonly [Tenure, Tenure])[] {
  return tenures.flatMap((one, index) =>
    tenures
      .slice(index + 1)
      .filter(
        (two) =>
          one.part === two.part &&
          one.memberId !== two.memberId &&
          one.fromMs <= two.toMs &&
          two.fromMs <= one.toMs,
      )
      .map((two) => [one, two] as const),
  )
}

describe.each(placeKinds)('$title', ({ start }) => {
  test('parts go over from who is killed, frozen or ends, and never have two owners', async () => {
    await using folder = await temporaryFolder()
    await using startedPlace = await start()
    await using started = new AsyncDisposableStack()
    const members: MemberProcess[] = []
    const begin = (memberId: string): MemberProcess => {
      const samples = join(folder.path, `${members.length}.jsonl`)
      const { place } = startedPlace
      const member = new MemberProcess({ place, memberId, parts, leaseMs, renewMs, samples })
      members.push(member)
      return started.use(member)
    }
    const [a, b, c, d] = [begin('a'), begin('b'), begin('c'), begin('d')]
    await untilShared([a, b, c, d], 'by four')

    await a.kill()
    await untilShared([b, c, d], 'by three, after one was killed')
    await b.freeze()
    await untilShared([c, d], 'by two, after one was frozen')
    b.thaw()
    await untilShared([b, c, d], 'by three, after it went on')
    const again = begin('a')
    await untilShared([again, b, c, d], 'by four, after one came again')
    await c[Symbol.asyncDispose]()
    await untilShared([again, b, d], 'by three, after one ended')
    await Promise.all([again.freeze(), d.kill()])
    await untilShared([b], 'by the last one')
    again.thaw()
    await untilShared([again, b], 'by two, in the end')
    await started.disposeAsync()

    const tenures = (await Promise.all(members.map((member) => member.tenures()))).flat()
    expect(overlaps(tenures)).toEqual([])
    expect(new Set(tenures.map(({ part }) => part))).toEqual(new Set(parts))
  })
})
