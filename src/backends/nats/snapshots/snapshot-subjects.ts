import { type ActorId, encodeKey, parseActorId } from '../../../core/index.ts'

/** What the stream and the subjects of the snapshots of a namespace are called. */
export class SnapshotSubjects {
  /** No namespace makes the same name of {@link EventSubjects}, as none begins with `-`. */
  readonly stream: string
  /** Matches every actor's subject. */
  readonly all: string
  readonly #prefix: string

  constructor(namespace: string) {
    this.stream = `AETHER-SNAPSHOTS_${namespace}`
    this.#prefix = `aether.${namespace}.snapshot.`
    this.all = `${this.#prefix}>`
  }

  of(id: ActorId): string {
    const { type, key } = parseActorId(id)
    return `${this.#prefix}${type}.${encodeKey(key)}`
  }
}
