import { AetherError } from '../core/index.ts'
import type { Exchange, Reply } from './exchange.ts'
import { problemReply } from './problem.ts'

/** What a resource answers, by method; HEAD is answered like GET, its body is left out later. */
export interface Answers {
  readonly GET?: () => Promise<Reply>
  readonly POST?: () => Promise<Reply>
}

/** The answer for the method of the request, or 405 with those that are possible. */
export async function answerByMethod({ method }: Exchange, answers: Answers): Promise<Reply> {
  const answer = method === 'HEAD' ? answers.GET : answerNamed(method, answers)
  if (answer) return answer()
  const allowed = [...(answers.GET ? ['GET', 'HEAD'] : []), ...(answers.POST ? ['POST'] : [])]
  const allow = allowed.join(', ')
  const message = `${method} is not possible here, but ${allow} is`
  return problemReply(new AetherError('method-not-allowed', message), { allow })
}

function answerNamed(method: string, { GET, POST }: Answers): (() => Promise<Reply>) | undefined {
  if (method === 'GET') return GET
  return method === 'POST' ? POST : undefined
}
