import type { StoredMessage } from '../commits/commit-message.ts'
import { readLeaderAnswer, storedMessage } from '../commits/leader-answer.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import { jetStreamCodes } from '../connection/failure.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'

/** The part of JetStream's `StreamMsgGetRequest` that is used; `seq` and `next_by_subj` go together. */
export interface MessageQuery {
  readonly seq?: number
  readonly last_by_subj?: string
  readonly next_by_subj?: string
}

/**
 * Asks the leader of a stream for one message, once; null where there is none. It is what the client's manager does,
 * whose requests and messages take more time than the server.
 * @throws what `failureOf` sorts
 */
export async function askLeader(
  { library, inbox }: { readonly library: ClientLibrary; readonly inbox: SharedInbox },
  stream: string,
  query: MessageQuery,
): Promise<StoredMessage | null> {
  const subject = `$JS.API.STREAM.MSG.GET.${stream}`
  const answer = await inbox.ask({ subject, body: JSON.stringify(query) })
  if (answer.kind !== 'answered') throw answer.cause
  const { message, error } = readLeaderAnswer(answer.message.data)
  if (message) return storedMessage(message)
  if (error?.err_code === jetStreamCodes.noMessageFound) return null
  if (error) throw new library.jetstream.JetStreamApiError(error)
  throw new TypeError('an answer without a message')
}
