import type { ParkedActor, ProjectionStatus, Skip } from '../../projections/index.ts'
import { askNode } from '../ask-node.ts'
import type { Steering } from './steering.ts'

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

  async pause(name: string, isPaused: boolean): Promise<void> {
    await this.#post(`/${encodeURIComponent(name)}/${isPaused ? 'pause' : 'resume'}`)
  }

  async rebuild(name: string): Promise<number> {
    const path = `/${encodeURIComponent(name)}/rebuild`
    return (await this.#post<{ readonly build: number }>(path)).build
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
    return askNode(this.#at(path), { option: '--node' })
  }

  #post<T>(path: string, body?: object): Promise<T> {
    return askNode(this.#at(path), { method: 'POST', body, option: '--node' })
  }

  #at(path: string): URL {
    return new URL(`/projections${path}`, this.#url)
  }
}

/** A key of dots alone would be swallowed as a path. */
function parkedPath(name: string, actorId: string, step: string): string {
  const dash = actorId.indexOf('-')
  const [type, key] = [actorId.slice(0, dash), actorId.slice(dash + 1)].map(encodeURIComponent)
  return `/${encodeURIComponent(name)}/parked/${type}//${step}?key=${key}`
}
