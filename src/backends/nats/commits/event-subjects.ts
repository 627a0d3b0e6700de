import { actorId, type ActorId, decodeKey, encodeKey, parseActorId } from '../../../core/index.ts'

/** Of an actor whose id is spelled as it is, which is nearly every one: see {@link encodeKey}. */
const plainPath = /^[A-Za-z][A-Za-z0-9_]{0,63}\.[A-Za-z0-9_/-]{1,200}$/

/** What the stream and the subjects of a namespace are called: one literal subject an actor. */
export class EventSubjects {
  /** The stream of the namespace. */
  readonly stream: string
  /** Matches every actor's subject. */
  readonly all: string
  /**
   * Where commits say what they demand of actors that they don't change: in the stream as all others, and none's
   * subject, as those of actors are longer.
   */
  readonly guards: string
  /** What the inboxes for answers begin with, so that a login can be kept to those of its namespace. */
  readonly inboxes: string
  readonly #prefix: string

  constructor(namespace: string) {
    this.stream = `AETHER_${namespace}`
    this.#prefix = `aether.${namespace}.event.`
    this.all = `${this.#prefix}>`
    this.guards = `${this.#prefix}guard`
    this.inboxes = `_INBOX.aether.${namespace}`
  }

  /** Matches the subjects of all actors of a type. */
  ofType(type: string): string {
    return `${this.#prefix}${type}.>`
  }

  of(id: ActorId): string {
    const { type, key } = parseActorId(id)
    return `${this.#prefix}${type}.${encodeKey(key)}`
  }

  /**
   * The actor whose subject this is: the inverse of {@link of}.
   * @throws AetherError `invalid-actor-id` where it is none's.
   */
  actorOf(subject: string): ActorId {
    const path = subject.startsWith(this.#prefix) ? subject.slice(this.#prefix.length) : ''
    if (plainPath.test(path)) return path.replace('.', '-') as ActorId
    const dot = path.indexOf('.')
    return actorId(path.slice(0, Math.max(0, dot)), decodeKey(path.slice(dot + 1)))
  }
}
