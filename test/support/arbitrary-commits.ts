import { fc } from './fast-check.ts'
import { actorId, type ActorId, type JsonValue, toJson, uuidSeries } from '../../src/core/index.ts'
import { maxKeyBytes } from '../../src/core/actor-id.ts'
import type { Commit, CommittedEvent } from '../../src/store/index.ts'

/** Any key that an actor may have. */
export const anyKey: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 50 })
  .filter((key) => Buffer.byteLength(key) <= maxKeyBytes)

export const anyActorId: fc.Arbitrary<ActorId> = fc
  .tuple(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,15}$/), anyKey)
  .map(([type, key]) => actorId(type, key))

/** No member of an event may have the name of the prototype. */
function isName(text: string): boolean {
  return text !== '__proto__'
}

const letter = fc.constantFrom('a', 'b', '"', '\\', '\n', '\u0000', '\ud800', 'é', '👩‍💻')

/** Any data that an event may have, halves of characters included. */
export const anyJson: fc.Arbitrary<JsonValue> = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(
        fc.constantFrom(null, true, false),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: fc.oneof(letter, fc.string({ unit: 'binary', maxLength: 1 })) }),
      ),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: letter, maxLength: 4 }).filter(isName), tie('value'), {
        maxKeys: 4,
      }),
    ),
  }))
  .value.map((value) => toJson(value))

const anyText = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .filter((text) => text.isWellFormed())

const anyMetadata = fc.dictionary(
  fc.string({ unit: 'binary', maxLength: 10 }).filter(isName),
  fc.string({ unit: 'binary-ascii', maxLength: 10 }),
  { maxKeys: 3, noNullPrototype: true },
)

const anyEvent: fc.Arbitrary<CommittedEvent> = fc.record({
  id: anyText,
  type: anyText,
  data: anyJson,
  metadata: anyMetadata,
})

/** Of events that the caller named. */
const anyNamedCommit: fc.Arbitrary<Commit> = fc.record({
  id: anyText,
  time: fc
    .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  parts: fc.uniqueArray(
    fc.record({
      actorId: anyActorId,
      expected: fc.constant('any' as const),
      events: fc.array(anyEvent, { minLength: 1, maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 3, selector: (part) => part.actorId },
  ),
})

/** Whose ids go on from the commit's. */
const anyNumberedCommit: fc.Arbitrary<Commit> = anyNamedCommit.map((commit) => {
  const ids = uuidSeries()
  const id = ids()
  let idsFrom = 1
  const parts = commit.parts.map((part) => {
    const events = part.events.map((event) => ({ ...event, id: ids() }))
    const numbered = { ...part, events, idsFrom }
    idsFrom += events.length
    return numbered
  })
  return { ...commit, id, parts }
})

/** Any commit as a backend gets it, to one actor or several. */
export const anyCommit: fc.Arbitrary<Commit> = fc.oneof(anyNamedCommit, anyNumberedCommit)
