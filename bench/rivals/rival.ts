/**
 * An event store, seen by what all of them can do; ours and theirs alike. A stream's name, `cart-17`, is one
 * that each of them takes as it is.
 */
export interface Rival extends AsyncDisposable {
  /** Stores one event in a stream that must not exist yet. */
  append(stream: string): Promise<unknown>
  /** Stores so many events in a stream that doesn't exist yet. */
  fill(stream: string, count: number): Promise<unknown>
  /** Reads all events of the stream and says how many there are. */
  load(stream: string): Promise<number>
  /**
   * Folds the events of the stream, decides, and stores one more event if the stream is still as it
   * was read: in the way that the store's own documentation shows.
   */
  command(stream: string): Promise<unknown>
}

/** What a command knows of its stream. */
export interface State {
  readonly total: number
}

export const initialState: State = { total: 0 }

/** What every event does to the state. */
export function evolve({ total }: State, event: { readonly amount: number }): State {
  return { total: total + event.amount }
}

/** What every command checks. */
export function decide({ total }: State): void {
  if (total < 0) throw new Error('a total below zero')
}
