import { AetherError } from '../../core/index.ts'
import type { Exchange, Reply } from './exchange.ts'
import { problemReply } from './problem.ts'
import { checkQueryNames } from './query-names.ts'

/** What a resource answers, by method; HEAD is answered like GET, its body is left out later. */
export interface Answers {
  readonly GET?: () => Promise<Reply>
  readonly POST?: () => Promise<Reply>
  readonly DELETE?: () => Promise<Reply>
}

/**
 * The answer for the method of the request, or 405 with those that are possible.
 * @throws AetherError `invalid-argument` for a query that nothing here looks at; what the answer throws
 */
export async function answerByMethod(exchange: Exchange, answers: Answers): Promise<Reply> {
  const { method } = exchange
  const answer = method === 'HEAD' ? answers.GET : answerNamed(method, answers)
  if (answer) {
    checkQueryNames(exchange)
    return answer()
  }
  const allowed = allowedBy(answers)
  const allow = allowed.join(', ')
  const message = `${method} is not possible here, but ${allow} ${allowed.length > 1 ? 'are' : 'is'}`
  return problemReply(new AetherError('method-not-allowed', message), { allow })
}

function answerNamed(method: string, answers: Answers): (() => Promise<Reply>) | undefined {
  return method === 'GET' || method === 'POST' || method === 'DELETE' ? answers[method] : undefined
}

function allowedBy({ GET, POST, DELETE }: Answers): readonly string[] {
  const possible = [GET && ['GET', 'HEAD'], POST && ['POST'], DELETE && ['DELETE']]
  return possible.flatMap((methods) => methods ?? [])
}
