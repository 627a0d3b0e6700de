import { randomBytes } from 'node:crypto'
import { AetherError, decodeKey, encodeKey, isAetherError } from '../../../core/index.ts'
import type { Document, DocumentTable, ListOptions } from '../../../store/index.ts'
import type { StoredMessage } from '../commits/commit-message.ts'
import { maxHeaderBytes } from '../writing/conditional-publisher.ts'
import type { TableStream } from './table-stream.ts'

/** The header of a message that says there is no document. */
const removedHeader = 'Aether-Removed'
/** The server takes the message away after so long: its ADR-43. */
const timeToLiveHeader = 'Nats-TTL'

const decoder = new TextDecoder()

/** How many documents are asked for in one question, and of a list ahead of its reader. */
const pageSize = 256
/** Fewer are as quickly asked for one by one. */
const leastAtOnce = 16

/**
 * Documents as messages: a subject a key, the last message of each is kept, and its sequence is the
 * revision. What is taken away is replaced by a message that says so, under the same condition as any
 * change; it goes by itself, after everybody who may still ask for it.
 */
export class JetStreamDocumentTable implements DocumentTable {
  readonly #name: string
  readonly #stream: TableStream

  constructor(name: string, stream: TableStream) {
    this.#name = name
    this.#stream = stream
  }

  get maxTextBytes(): number {
    return this.#stream.maxPayload - maxHeaderBytes
  }

  async get(key: string): Promise<Document | undefined> {
    return (await this.#stream.isThere()) ? this.#ask(key) : undefined
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    if (!(await this.#stream.isThere())) return new Map()
    const found = new Map<string, Document>()
    for (let start = 0; start < keys.length; start += pageSize) {
      const page = keys.slice(start, start + pageSize)
      // A replica may not know yet that a table was cleared.
      const documents = this.#stream.isKeptOnce ? await this.#page(page) : await this.#askAll(page)
      for (const document of documents) found.set(document.key, document)
    }
    return found
  }

  async *list(
    prefix: string,
    { after = '', atOnce = pageSize }: ListOptions = {},
  ): AsyncGenerator<Document> {
    const { leader, subjects } = this.#stream
    if (!(await this.#stream.isThere())) return
    const [beginning, behind] = [encodeKey(prefix), encodeKey(after)]
    const all = await leader.subjects(subjects.ofTable(this.#name))
    const spellings = all
      .map((subject) => subjects.spellingOf(subject))
      .filter((spelling) => spelling.startsWith(beginning) && spelling > behind)
      .toSorted()
    const size = Math.min(atOnce, pageSize)
    for (let start = 0; start < spellings.length; start += size)
      yield* await this.#inOrder(spellings.slice(start, start + size).map(decodeKey))
  }

  async put(key: string, text: string, expected: number | undefined): Promise<number | undefined> {
    this.#checkSize(key, text)
    await this.#stream.makeReady()
    const revision = await this.#publish(key, text, expected ?? 0)
    return revision === undefined && expected === undefined ? this.#putAnew(key, text) : revision
  }

  async remove(key: string, expected: number): Promise<boolean> {
    if (!(await this.#stream.isThere())) return false
    const seconds = Math.ceil(this.#stream.keepRemovedForMs / 1_000)
    const headers = `${removedHeader}: 1\r\n${timeToLiveHeader}: ${seconds}s\r\n`
    return (await this.#publish(key, '', expected, headers)) !== undefined
  }

  watch(wake: () => void): Promise<AsyncDisposable> {
    return this.#stream.watch.add(this.#name, wake)
  }

  async clear(): Promise<void> {
    const { leader, subjects } = this.#stream
    if (!(await this.#stream.isThere())) return
    await leader.removeAll(subjects.ofTable(this.#name))
    this.#stream.watch.tell(this.#name)
  }

  /** Something stands there: a document, or the word that there is none, in whose place it may come. */
  async #putAnew(key: string, body: string): Promise<number | undefined> {
    for (;;) {
      const found = await this.#last(key)
      if (found && !isRemoval(found)) return undefined
      const revision = await this.#publish(key, body, found?.seq ?? 0)
      if (revision !== undefined) return revision
    }
  }

  /** Undefined where something else stands there than what was expected. */
  async #publish(
    key: string,
    body: string,
    expectedSequence: number,
    headers?: string,
  ): Promise<number | undefined> {
    const { subjects, publisher, watch } = this.#stream
    const message = {
      subject: subjects.of(this.#name, key),
      expectedSequence,
      id: randomBytes(12).toString('base64url'),
      body,
      ...(headers !== undefined && { headers }),
    }
    try {
      const certainty = await publisher.publish([message])
      if (certainty === 'superseded') return undefined
      watch.tell(this.#name)
      return certainty.storedAt
    } catch (error) {
      this.#stream.forgetStream()
      throw this.#explained(key, error)
    }
  }

  #explained(key: string, cause: unknown): unknown {
    if (!isAetherError(cause) || cause.code !== 'outcome-unknown') return cause
    const message = `whether ${JSON.stringify(key)} of the table ${this.#name} was changed is unknown: read it to know`
    return new AetherError('outcome-unknown', message, { cause })
  }

  /** In one question where that can be: of keys that stand in the leader's list, or are kept once. */
  async #page(keys: readonly string[]): Promise<readonly Document[]> {
    const { answersDirectly, lastMessages, subjects } = this.#stream
    if (!answersDirectly || keys.length < leastAtOnce) return this.#askAll(keys)
    const messages = await lastMessages.of(keys.map((key) => subjects.of(this.#name, key)))
    if (!messages) return this.#askAll(keys)
    return messages.flatMap((message) => documentIn(subjects.keyOf(message.subject), message) ?? [])
  }

  async #inOrder(keys: readonly string[]): Promise<readonly Document[]> {
    const found = new Map((await this.#page(keys)).map((document) => [document.key, document]))
    return keys.flatMap((key) => found.get(key) ?? [])
  }

  async #askAll(keys: readonly string[]): Promise<readonly Document[]> {
    const found = await Promise.all(keys.map((key) => this.#ask(key)))
    return found.filter((document) => document !== undefined)
  }

  async #ask(key: string): Promise<Document | undefined> {
    const message = await this.#last(key)
    return message ? documentIn(key, message) : undefined
  }

  #last(key: string): Promise<StoredMessage | null> {
    const { leader, questions, subjects } = this.#stream
    return questions.run(() => leader.last(subjects.of(this.#name, key)))
  }

  #checkSize(key: string, text: string): void {
    const { maxPayload } = this.#stream
    const bytes = Buffer.byteLength(text)
    if (bytes <= this.maxTextBytes) return
    throw new AetherError(
      'too-large',
      `the text of ${JSON.stringify(key)} of the table ${this.#name} has ${bytes} bytes, and the server takes at most ${maxPayload} with its headers: keep less in it, or raise its max_payload`,
    )
  }
}

function documentIn(key: string, message: StoredMessage): Document | undefined {
  if (isRemoval(message)) return undefined
  return { key, text: decoder.decode(message.data), revision: message.seq }
}

function isRemoval({ header }: StoredMessage): boolean {
  return header.get(removedHeader) !== ''
}
