import type { ActorDefinition, ActorRef } from '../../actors/index.ts'
import { type ActorId, AetherError, type Metadata, parseActorId } from '../../core/index.ts'
import type { Node } from '../../node/index.ts'
import type { Reach } from '../../projections/index.ts'
import { commandOf, type PolicyStep } from './policy-step.ts'

interface NamedOptions {
  readonly commandId?: string | undefined
  readonly metadata?: Metadata | undefined
}

/** What a policy can reach on a node: each step that it takes is noted, and done. */
export function recordingReach(
  node: Node,
  definitions: readonly ActorDefinition[],
  steps: PolicyStep[],
): Reach {
  const refTo = (id: ActorId): ActorRef<ActorDefinition> => {
    const { type, key } = parseActorId(id)
    const definition = definitions.find((each) => each.type === type)
    if (definition) return node.get(definition, key)
    throw new AetherError('unknown-actor-type', `no actor of the type ${type} runs here`)
  }
  return {
    host: {
      send(id, command, input, options = {}) {
        steps.push({ kind: 'send', actors: [id], ...commandOf(command, input), ...named(options) })
        return node.send(id, command, input, options)
      },
      onlooker: {
        look: (id, options) => node.state(id, options),
        query: (...asked) => node.query(...asked),
      },
      async transact(ids, decide, options = {}) {
        steps.push({ kind: 'transact', actors: ids, ...named(options) })
        return [...(await node.transact(ids.map(refTo), decide, options))]
      },
    },
    reminders: {
      tell(id, command, input, options) {
        steps.push({ kind: 'tell', actors: [id], ...commandOf(command, input), ...named(options) })
        return node.tell(id, command, input, options)
      },
      schedule(id, command, input, options) {
        const { commandId, metadata, since: _since, ...reminder } = options
        const what = { actors: [id], ...commandOf(command, input), reminder }
        steps.push({ kind: 'schedule', ...what, ...named({ commandId, metadata }) })
        return node.schedule(id, command, input, options)
      },
      unschedule(id, name) {
        steps.push({ kind: 'unschedule', actors: [id], reminder: { name } })
        return node.unschedule(id, name)
      },
    },
  }
}

function named({ commandId, metadata }: NamedOptions): Pick<PolicyStep, 'commandId' | 'metadata'> {
  return {
    ...(commandId !== undefined && { commandId }),
    ...(metadata && { metadata }),
  }
}
