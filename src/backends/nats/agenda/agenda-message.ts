import { randomBytes } from 'node:crypto'
import { AetherError, parseActorId } from '../../../core/index.ts'
import type { AgendaEntry } from '../../../store/index.ts'
import type { ConditionalMessage } from '../writing/conditional-publisher.ts'
import type { MessageSubjects } from './message-subjects.ts'

/** An entry as it stands in the stream. */
export interface KeptEntry {
  readonly entry: AgendaEntry
  /** Another one each time that the key is put. */
  readonly token: string
}

type Body = AgendaEntry & Pick<KeptEntry, 'token'>

/** Of the server's ADR-51. */
const scheduleHeader = 'Nats-Schedule'
const targetHeader = 'Nats-Schedule-Target'

const decoder = new TextDecoder()

/**
 * What keeps an entry: one message, and with it the alarm of a reminder.
 *
 * @param expectedSequence where what it replaces stands, 0 for nothing.
 */
export function messagesOf(
  entry: AgendaEntry,
  expectedSequence: number,
  subjects: MessageSubjects,
): readonly ConditionalMessage[] {
  const token = randomBytes(12).toString('base64url')
  const { actorId, kind, name, due, text } = entry
  const kept: Body = { actorId, kind, name, due, text, token }
  const body = JSON.stringify(kept)
  const state = { subject: subjects.of(entry), expectedSequence, id: `${token}-0`, body }
  if (kind === 'message') return [state]
  const alarm = {
    subject: subjects.alarm(actorId, token),
    expectedSequence: 0,
    id: `${token}-1`,
    headers:
      `${scheduleHeader}: @at ${new Date(due).toISOString()}\r\n` +
      `${targetHeader}: ${subjects.tick(actorId, token)}\r\n`,
    // The key alone: what is to be done then, the entry says.
    body: JSON.stringify({ ...kept, text: '' }),
  } as const
  return [state, alarm]
}

/** @throws AetherError `incompatible-store` where it is none: somebody else wrote it. */
export function decodeEntry(data: Uint8Array): KeptEntry {
  const raw = decoder.decode(data)
  try {
    const { token, ...entry } = JSON.parse(raw) as Body
    if (typeof entry.text !== 'string' || typeof entry.due !== 'number') throw new Error('not ours')
    parseActorId(entry.actorId)
    return { entry, token }
  } catch (cause) {
    const message = `not a message of Aether: ${raw.slice(0, 200)}`
    throw new AetherError('incompatible-store', message, { cause })
  }
}
