import { type ActorId, CommandRejectedError, parseActorId, parseJson } from '../../core/index.ts'
import { given, named, parseCommandLine, timeOf } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { outputTo } from '../output.ts'
import { nodeOptions, openOrMakeNode } from './node-option.ts'

/** `aether actor send ACTOR COMMAND [INPUT]`: asks an actor to do something, from here. */
export async function send(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, {
    ...nodeOptions,
    'command-id': { type: 'string' },
    'first-sent': { type: 'string' },
  })
  const [actor = '', command = '', input] = named('actor send', positionals, [
    'ACTOR',
    'COMMAND',
    '[INPUT]',
  ])
  const actorId = actor as ActorId
  parseActorId(actorId)
  const parsed = input === undefined ? undefined : parseJson(input)
  const firstSent = timeOf('first-sent', values['first-sent'])
  const output = outputTo(values.json)
  await using node = await openOrMakeNode(values)
  try {
    const options = given({ commandId: values['command-id'], firstSent })
    const result = await node.send(actorId, command, parsed, options)
    await output.write(
      result,
      ({ version, state }) => `${actorId} @${version}\n${JSON.stringify(state, null, 2)}`,
    )
    return exitCode.done
  } catch (error) {
    if (!(error instanceof CommandRejectedError)) throw error
    const { code, message, rejection, details } = error
    await output.write({ code, rejection, details }, () => message)
    return exitCode.no
  }
}
