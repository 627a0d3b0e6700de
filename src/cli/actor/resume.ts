import { parseActorId } from '../../core/index.ts'
import { askNode } from '../ask-node.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'

interface Resumed {
  readonly actorId: string
  readonly resumed: boolean
}

/** `aether actor resume ACTOR`: lets a running node ask an actor again that it had in quarantine. */
export async function resume(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    node: { type: 'string', default: 'http://127.0.0.1:4040' },
    json: { type: 'boolean' },
  })
  const [actor = ''] = named('actor resume', positionals, ['ACTOR'])
  const { type, key } = parseActorId(actor)
  // A key of dots alone would be swallowed as a path.
  const target = `/quarantine/${type}/?key=${encodeURIComponent(key)}`
  const answer = await askNode<Resumed>(new URL(target, values.node), {
    method: 'DELETE',
  })
  await outputTo(values.json).write(answer, ({ actorId, resumed }) =>
    resumed ? `${actorId} is asked again` : `${actorId} was not in quarantine`,
  )
  return answer.resumed ? exitCode.done : exitCode.no
}
