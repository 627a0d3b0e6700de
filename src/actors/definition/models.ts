import { type ActorId, AetherError, parseActorId } from '../../core/index.ts'
import type { ActorDefinition } from './definition.ts'
import type { ActorModel } from './model.ts'

/** The actor types that run here. */
export class Models {
  readonly #byType = new Map<string, ActorModel>()

  /** @throws AetherError `invalid-definition` for two definitions of one type */
  constructor(definitions: readonly ActorDefinition[]) {
    for (const { type, model } of definitions) {
      if (this.#byType.has(type))
        throw new AetherError('invalid-definition', `two actors are called ${type}`)
      this.#byType.set(type, model)
    }
  }

  get types(): readonly string[] {
    return [...this.#byType.keys()]
  }

  /** @throws AetherError `invalid-actor-id`, `unknown-actor-type` */
  of(actorId: ActorId): ActorModel {
    const { type } = parseActorId(actorId)
    const model = this.#byType.get(type)
    if (model) return model
    const known = this.types.join(', ')
    throw new AetherError(
      'unknown-actor-type',
      `no actor type ${type} runs here; there is ${known}`,
    )
  }
}
