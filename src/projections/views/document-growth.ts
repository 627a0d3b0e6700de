import type { AetherError } from '../../core/index.ts'
import type { HandledEvent } from '../definition/handled-event.ts'
import type { ViewDocument } from './view-document.ts'

/**
 * How a document grew too large within a batch. To measure it after each event would cost more than all
 * else, so it is remembered how it was, and searched for the event that made it too large.
 */
export class DocumentGrowth {
  #steps: { readonly event: HandledEvent; readonly document: ViewDocument }[] = []
  #refused: { readonly id: string; readonly error: AetherError } | undefined

  /** @throws AetherError that of {@link refuse}, for the event that made it too large */
  check({ id }: HandledEvent): void {
    if (id === this.#refused?.id) throw this.#refused.error
  }

  /** The document after an event. Whom it has seen is added to later, and so copied. */
  add(event: HandledEvent, document: ViewDocument): void {
    this.#steps.push({ event, document: { ...document, seen: { ...document.seen } } })
  }

  /** From now on, an event is refused after which it doesn't fit, though it did before it. */
  refuse(fits: (document: ViewDocument) => boolean, error: AetherError): void {
    const steps = this.#steps
    let [fitting, tooLarge] = [-1, steps.length - 1]
    while (tooLarge - fitting > 1) {
      const middle = (fitting + tooLarge) >> 1
      const step = steps[middle]
      if (step && fits(step.document)) fitting = middle
      else tooLarge = middle
    }
    const step = steps[tooLarge]
    if (step) this.#refused = { id: step.event.id, error }
    this.#steps = []
  }
}
