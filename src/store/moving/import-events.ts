import { isDeepStrictEqual } from 'node:util'
import {
  type ActorId,
  AetherError,
  ImportRefusedError,
  isAetherError,
  messageOf,
  type Metadata,
  type StoredEvent,
} from '../../core/index.ts'
import type { EventStore } from '../event-store.ts'
import { withoutHash } from '../hash-chain/hash-chain.ts'
import { wholeNumber } from '../reading/reading.ts'
import { decodeCloudEvent, type MovedEvent } from './cloud-event.ts'
import { hasTrimmedMark, withoutTrimmedMark } from './trimmed-mark.ts'

/** How to import, and who wants to know how far it got. */
export interface ImportOptions {
  /** How many events are stored at once at most: fewer where they are large. @default 500 */
  readonly maxEventsPerCommit?: number
  /** Called after every commit. */
  readonly onProgress?: (report: ImportReport) => void
  /** Ends the import by throwing the signal's reason; what was reported is stored. */
  readonly signal?: AbortSignal
}

/** What became of the lines so far. */
export interface ImportReport {
  /** How many lines were read, empty ones included. */
  readonly lines: number
  /** How many events were stored. */
  readonly imported: number
  /** How many were there before. */
  readonly present: number
}

/** An event, and the line that it comes from. */
interface LineEvent {
  readonly line: number
  readonly event: MovedEvent
}

/** Events of one actor, with consecutive versions. */
type Run = readonly [LineEvent, ...LineEvent[]]

/** With so many characters or more, a batch is full: it is in memory several times over. */
const fullLength = 4_000_000

/** How often a commit is tried that somebody else's writes come before. */
const maxTries = 100

/** What another split of a commit may tell apart: which line is to blame, or what fits at once. */
const splittable: ReadonlySet<string> = new Set([
  ...['invalid-argument', 'invalid-json', 'invalid-actor-id', 'too-large', 'id-reused'],
])

/**
 * Stores what `exportEvents` wrote: same ids, versions, times, data and metadata, in the same order.
 * Events that are there already are compared and left as they are, so an import that was cut off
 * goes on when it is run again. Lines that follow each other are stored at once where they can be.
 * @throws ImportRefusedError `import-refused` at the first line that can't be read, or that
 * contradicts what is stored: all before it is imported, nothing behind it. Else as `commit`.
 */
export async function importEvents(
  store: EventStore,
  lines: Iterable<string> | AsyncIterable<string>,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const most = wholeNumber('maxEventsPerCommit', options.maxEventsPerCommit ?? 500, 1)
  let report: ImportReport = { lines: 0, imported: 0, present: 0 }
  for await (const { lines: read, batch, failure } of inBatches(lines, most, options.signal)) {
    const imported = await importUpToRefused(store, batch)
    report = {
      lines: read,
      imported: report.imported + imported,
      present: report.present + batch.length - imported,
    }
    options.onProgress?.(report)
    if (failure) throw failure
  }
  return report
}

interface Batch {
  /** How many lines there were up to its end. */
  readonly lines: number
  readonly batch: readonly LineEvent[]
  /** Why there is nothing behind it. */
  readonly failure?: ImportRefusedError
}

/** Lines that can be one commit, which has one run of versions for each actor. */
async function* inBatches(
  lines: Iterable<string> | AsyncIterable<string>,
  most: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch> {
  let batch: LineEvent[] = []
  let newest = new Map<ActorId, LineEvent>()
  let length = 0
  let line = 0
  for await (const text of lines) {
    signal?.throwIfAborted()
    line++
    if (text.trim() === '') continue
    const event = decodeLine(line, text)
    if (event instanceof ImportRefusedError) {
      yield { lines: line - 1, batch, failure: event }
      return
    }
    const before = newest.get(event.actorId)
    const fits = !before || (before === batch.at(-1) && before.event.version + 1 === event.version)
    if (batch.length >= most || length >= fullLength || !fits) {
      yield { lines: line - 1, batch }
      batch = []
      newest = new Map()
      length = 0
    }
    const next = { line, event }
    length += text.length
    batch.push(next)
    newest.set(event.actorId, next)
  }
  yield { lines: line, batch }
}

function decodeLine(line: number, text: string): MovedEvent | ImportRefusedError {
  try {
    return decodeCloudEvent(text)
  } catch (cause) {
    return new ImportRefusedError(line, messageOf(cause), cause)
  }
}

/** As {@link importBatch}; of a line that is refused, at least what stands before it is imported. */
async function importUpToRefused(store: EventStore, batch: readonly LineEvent[]): Promise<number> {
  try {
    return await importBatch(store, batch)
  } catch (thrown) {
    if (!(thrown instanceof ImportRefusedError)) throw thrown
    // All actors are looked up at once, so that an earlier line may be refused as well.
    const before = batch.filter(({ line }) => line < thrown.line)
    if (before.length > 0) await importUpToRefused(store, before)
    throw thrown
  }
}

/** How many of the events were not there before. */
async function importBatch(store: EventStore, batch: readonly LineEvent[]): Promise<number> {
  for (let triesLeft = maxTries; ; triesLeft--) {
    const runs = await Promise.all(runsOf(batch).map((run) => missingOf(store, run)))
    const missing = runs.flat()
    if (missing.length === 0) return 0
    const missingRuns = runs.filter((run) => run.length > 0)
    if (missingRuns.length > 1 && missingRuns.length < store.leastActorsTogether)
      return importOneByOne(store, missingRuns)
    const stored = await commitLines(store, missing)
    if (stored !== 'conflict') return stored
    if (triesLeft === 0) throw overtaken(missing)
  }
}

/** In their order, so not side by side. */
async function importOneByOne(
  store: EventStore,
  batches: readonly (readonly LineEvent[])[],
): Promise<number> {
  let imported = 0
  for (const batch of batches) imported += await importBatch(store, batch)
  return imported
}

/** Stores the events in one commit, or in smaller ones where one isn't possible. */
async function commitLines(
  store: EventStore,
  batch: readonly LineEvent[],
): Promise<number | 'conflict'> {
  try {
    const runs = runsOf(batch)
    const result = await store.commit(
      runs.map(([first, ...others]) => ({
        actorId: first.event.actorId,
        events: [first, ...others].map(({ event }) => event),
      })),
    )
    if (!result.ok) return 'conflict'
    return result.duplicate ? 0 : batch.length
  } catch (thrown) {
    if (!isAetherError(thrown) || !splittable.has(thrown.code)) throw thrown
    const [only, ...others] = batch
    if (only && others.length === 0) throw new ImportRefusedError(only.line, thrown.message, thrown)
    const middle = Math.ceil(batch.length / 2)
    return importOneByOne(store, [batch.slice(0, middle), batch.slice(middle)])
  }
}

function runsOf(batch: readonly LineEvent[]): readonly Run[] {
  const runs = Map.groupBy(batch, ({ event }) => event.actorId)
  return Array.from(runs.values(), (run) => run as unknown as Run)
}

/**
 * What of the run isn't stored yet.
 * @throws ImportRefusedError where something else stands in its place
 */
async function missingOf(store: EventStore, run: Run): Promise<readonly LineEvent[]> {
  const [{ event: first, line: firstLine }] = run
  const { actorId } = first
  const known = store.knownVersion(actorId) ?? (await store.latestVersion(actorId))
  if (known > 0 && known < first.version - 1 && hasTrimmedMark(first)) {
    const gone = `${known + 1} to ${first.version - 1}`
    const reason = `${actorId} is at version ${known} here, and its versions ${gone} were removed where this comes from`
    throw new ImportRefusedError(firstLine, reason)
  }
  if (known < first.version) return run
  const range = { fromVersion: first.version, toVersion: first.version + run.length - 1 }
  const stored = new Map<number, StoredEvent>()
  for await (const event of store.read(actorId, range)) stored.set(event.version, event)
  return run.filter(({ line, event }) => {
    const there = stored.get(event.version)
    if (there && isSame(there, event)) return false
    if (!there && event.version > known) return true
    const what = there ? 'is another event' : `was left out: it is at version ${known} already`
    throw new ImportRefusedError(line, `version ${event.version} of ${actorId} ${what} here`)
  })
}

/**
 * A store with a hash chain makes its own; and where an event was the first that was left, there may
 * have been more before it when it was exported earlier.
 */
function isSame(stored: StoredEvent, { id, type, time, data, metadata }: MovedEvent): boolean {
  return (
    stored.id === id &&
    stored.type === type &&
    stored.time === time &&
    isDeepStrictEqual(stored.data, data) &&
    isDeepStrictEqual(plain(stored.metadata), plain(metadata))
  )
}

/** Whatever prototype it came with. */
function plain(metadata: Metadata): Metadata {
  return { ...withoutTrimmedMark(withoutHash(metadata)) }
}

function overtaken([first]: readonly LineEvent[]): AetherError {
  const actorId = first?.event.actorId
  return new AetherError(
    'version-conflict',
    `others write to ${actorId} faster than it can be imported: let them stop, and import again`,
  )
}
