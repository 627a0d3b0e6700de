import { isAetherError } from '../../core/index.ts'
import type {
  ParkedActor,
  ProjectionStatus,
  RebuildOptions,
  Skip,
  ViewListOptions,
} from '../../projections/index.ts'
import { askNode } from '../ask-node.ts'
import type { Steering, ViewDocument } from './steering.ts'

/** Asks a running node over HTTP. */
export class NodeSteering implements Steering {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  list(): Promise<readonly ProjectionStatus[]> {
    return this.#get('')
  }

  status(name: string): Promise<ProjectionStatus> {
    return this.#get(`/${encodeURIComponent(name)}`)
  }

  async *documents(
    name: string,
    { prefix = '', after = '', limit = Infinity }: ViewListOptions,
  ): AsyncGenerator<ViewDocument> {
    let [behind, left] = [after, limit]
    while (left > 0) {
      const query = { prefix, after: behind, limit: String(Math.min(left, 1_000)) }
      const page = await this.#ask<readonly ViewDocument[]>(viewPath(name, '', query))
      yield* page
      const last = page.at(-1)
      if (!last) return
      left -= page.length
      behind = last.key
    }
  }

  async document(name: string, key: string): Promise<ViewDocument | undefined> {
    try {
      return await this.#ask<ViewDocument>(viewPath(name, '/', { key }))
    } catch (error) {
      if (isAetherError(error) && error.code === 'unknown-document') return undefined
      throw error
    }
  }

  async pause(name: string, isPaused: boolean): Promise<void> {
    await this.#post(`/${encodeURIComponent(name)}/${isPaused ? 'pause' : 'resume'}`)
  }

  async rebuild(name: string, options: RebuildOptions): Promise<number> {
    const path = `/${encodeURIComponent(name)}/rebuild`
    return (await this.#post<{ readonly build: number }>(path, options)).build
  }

  parked(name: string): Promise<readonly ParkedActor[]> {
    return this.#get(`/${encodeURIComponent(name)}/parked?stack=true`)
  }

  async retry(name: string, actorId: string): Promise<boolean> {
    const path = parkedPath(name, actorId, 'retry')
    return (await this.#post<{ readonly retried: boolean }>(path)).retried
  }

  async retryAll(name: string): Promise<readonly string[]> {
    const path = `/${encodeURIComponent(name)}/parked/retry`
    return (await this.#post<{ readonly retried: readonly string[] }>(path)).retried
  }

  async skip(name: string, actorId: string, skip: Skip): Promise<boolean> {
    const path = parkedPath(name, actorId, 'skip')
    return (await this.#post<{ readonly skipped: boolean }>(path, skip)).skipped
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #get<T>(path: string): Promise<T> {
    return askNode(this.#at(path))
  }

  #ask<T>(path: string): Promise<T> {
    return askNode(new URL(path, this.#url))
  }

  #post<T>(path: string, body?: object): Promise<T> {
    return askNode(this.#at(path), { method: 'POST', body })
  }

  #at(path: string): URL {
    return new URL(`/projections${path}`, this.#url)
  }
}

/** A plus in a query is a plus there, so it can't be spelled by `URLSearchParams`. */
function viewPath(name: string, end: string, query: Readonly<Record<string, string>>): string {
  const asked = Object.entries(query).map(([each, text]) => `${each}=${encodeURIComponent(text)}`)
  return `/views/${encodeURIComponent(name)}${end}?${asked.join('&')}`
}

/** A key of dots alone would be swallowed as a path. */
function parkedPath(name: string, actorId: string, step: string): string {
  const dash = actorId.indexOf('-')
  const [type, key] = [actorId.slice(0, dash), actorId.slice(dash + 1)].map(encodeURIComponent)
  return `/${encodeURIComponent(name)}/parked/${type}//${step}?key=${key}`
}
