import { type ActorId, encodeKey, parseActorId } from '../../../core/index.ts'
import type { AgendaKey } from '../../../store/index.ts'

/**
 * What the stream and the subjects of the messages of a namespace are called. A message is delivered
 * from its own subject. A reminder rests on its own; beside it lies an alarm, from which the server
 * makes a tick when the time has come. Alarms and ticks have a subject for each time that a reminder
 * is put: a schedule that fires purges its subject, and must not take another with it.
 */
export class MessageSubjects {
  /** No namespace makes the same name of {@link EventSubjects}, as none begins with `-`. */
  readonly stream: string
  /** Matches all of them. */
  readonly all: string
  readonly #prefix: string

  constructor(namespace: string) {
    this.stream = `AETHER-MESSAGES_${namespace}`
    this.#prefix = `aether.${namespace}.message.`
    this.all = `${this.#prefix}>`
  }

  of({ actorId, kind, name }: AgendaKey): string {
    return `${this.#prefix}${kind}.${placeOf(actorId)}.${encodeKey(name)}`
  }

  alarm(actorId: ActorId, token: string): string {
    return `${this.#prefix}alarm.${parseActorId(actorId).type}.${token}`
  }

  tick(actorId: ActorId, token: string): string {
    return `${this.#prefix}tick.${parseActorId(actorId).type}.${token}`
  }

  /** Match what is kept for an actor, or for all. */
  kept(actorId: ActorId | undefined): readonly string[] {
    const place = actorId === undefined ? '>' : `${placeOf(actorId)}.*`
    return [`${this.#prefix}message.${place}`, `${this.#prefix}reminder.${place}`]
  }

  /** Match what is delivered to actors of a type. */
  delivered(type: string): readonly string[] {
    return [`${this.#prefix}message.${type}.>`, `${this.#prefix}tick.${type}.>`]
  }

  isTick(subject: string): boolean {
    return subject.startsWith(`${this.#prefix}tick.`)
  }
}

function placeOf(actorId: ActorId): string {
  const { type, key } = parseActorId(actorId)
  return `${type}.${encodeKey(key)}`
}
