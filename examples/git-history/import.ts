import { randomUUID } from 'node:crypto'
import {
  type ActorLimits,
  type ActorRef,
  type CommandOptions,
  isAetherError,
  type Node,
} from 'aether'
import { File } from './file.ts'
import { type Change, type Commit, readCommits } from './git-log.ts'
import { InFlight } from './in-flight.ts'
import { keyOf } from './path.ts'
import { Problem } from './problem.ts'
import type { Repository } from './repository.ts'

/** How many commands may be on their way at once. */
const maxCommandsInFlight = 2_000

/** What the runtime must allow to the node of an import. */
export const importLimits: Partial<ActorLimits> = {
  // All that are on their way may be for one file.
  mailboxCommands: maxCommandsInFlight,
  // A file may have been changed more often than an actor remembers by default.
  rememberedCommands: Number.MAX_SAFE_INTEGER,
  liveActors: 50_000,
}

export interface ImportOptions {
  readonly repository: Repository
  /** The last commit of the history. */
  readonly tip: string
  /** Only so many of the oldest commits. @default all */
  readonly limit?: number
  /** Told after every commit, and when all is stored. */
  readonly onProgress?: (progress: ImportProgress) => void
}

export interface ImportProgress {
  readonly commits: number
  readonly commands: number
  /** Events that this run stored, and no earlier one. */
  readonly newEvents: number
  /** How far the log goes that has the events of these commands. */
  readonly position: number
}

/**
 * Sends every change of the main line to the actor of its file. What is stored already is not
 * stored again, so an import that was interrupted is repeated from the beginning.
 * @throws Problem where a change doesn't fit to what is stored
 */
export async function importHistory(
  node: Node<typeof File>,
  { repository, tip, limit = Infinity, onProgress }: ImportOptions,
): Promise<ImportProgress> {
  const importing = new Import(node)
  for await (const commit of readCommits(repository, tip)) {
    await importing.send(commit)
    onProgress?.(importing.progress)
    if (importing.progress.commits >= limit) break
  }
  await importing.settled()
  onProgress?.(importing.progress)
  return importing.progress
}

type Answer = Promise<FileResult>
type FileResult = Awaited<ReturnType<ActorRef<typeof File>['add']>>
type Renaming = Change & { readonly kind: 'renamed' }

/**
 * The commands are sent one after the other, without waiting for answers: those to one file are
 * kept in the order of sending, and those to different files have none.
 */
class Import {
  readonly #node: Node<typeof File>
  readonly #inFlight = new InFlight(maxCommandsInFlight)
  /** What an event stores as its cause tells this run's events from those of earlier ones. */
  readonly #run = `import ${randomUUID()}`
  #commits = 0
  #commands = 0
  #newEvents = 0
  #position = 0

  constructor(node: Node<typeof File>) {
    this.#node = node
  }

  get progress(): ImportProgress {
    return {
      commits: this.#commits,
      commands: this.#commands,
      newEvents: this.#newEvents,
      position: this.#position,
    }
  }

  async send(commit: Commit): Promise<void> {
    const renamings: { readonly change: Renaming; readonly left: Answer }[] = []
    for (const change of commit.changes) {
      await this.#inFlight.room()
      const answer = this.#change(commit, change)
      if (change.kind === 'renamed') renamings.push({ change, left: answer })
    }
    for (const { change, left } of renamings) {
      // The file at the old path knows how many lines it takes along.
      const lines = linesTaken(await left)
      await this.#inFlight.room()
      this.#arrive(commit, change, lines)
    }
    this.#commits++
  }

  async settled(): Promise<void> {
    await this.#inFlight.settled()
  }

  #change(commit: Commit, change: Change): Answer {
    const file = this.#node.get(File, keyOf(change.path))
    const options = this.#options(commit)
    const { id } = commit
    switch (change.kind) {
      case 'added': {
        const { path, after, added, deleted } = change
        return this.#watch(
          commit,
          file.add({ commit: id, path, ...after, added, deleted }, options),
        )
      }
      case 'modified': {
        const { before, after, added, deleted } = change
        const input = { commit: id, before, ...after, added, deleted }
        return this.#watch(commit, file.modify(input, options))
      }
      case 'deleted': {
        const { before, added, deleted } = change
        return this.#watch(commit, file.delete({ commit: id, before, added, deleted }, options))
      }
      case 'renamed': {
        const { before, to } = change
        return this.#watch(commit, file.rename({ commit: id, before, to }, options))
      }
    }
  }

  #arrive(
    commit: Commit,
    { path, to, after, added, deleted }: Renaming,
    lines: number | null,
  ): void {
    const input = { commit: commit.id, path: to, ...after, added, deleted, from: { path, lines } }
    const file = this.#node.get(File, keyOf(to))
    void this.#watch(commit, file.add(input, this.#options(commit)))
  }

  #options({ id, author, time }: Commit): CommandOptions {
    return {
      // An actor is a path, and a commit changes a path once: the commit names the command.
      commandId: id,
      metadata: { correlationId: id, causationId: this.#run, author, time },
    }
  }

  #watch(commit: Commit, answer: Answer): Answer {
    this.#commands++
    return this.#inFlight.watch(
      answer.then(
        (result) => {
          this.#position = Math.max(this.#position, result.position)
          this.#newEvents += result.events.filter(
            ({ metadata }) => metadata['causationId'] === this.#run,
          ).length
          return result
        },
        (error: unknown) => {
          throw explained(commit, error)
        },
      ),
    )
  }
}

function linesTaken({ actorId, events }: FileResult): number | null {
  const [event] = events
  if (event?.type === 'Renamed') return event.data.lines
  throw new Problem(`${actorId} was renamed, but says nothing about it`)
}

/** Errors of the library say what was refused; the user also needs to know where in the history. */
function explained({ id }: Commit, error: unknown): unknown {
  if (!isAetherError(error)) return error
  return new Problem(`commit ${id} can't be stored: ${error.message}`, { cause: error })
}
