import type { LogFilter } from '../../../store/index.ts'
import { limitClause } from '../file/limit-clause.ts'
import { isOther, smallColumns, smallerData } from './large-data.ts'

/** From one position to another. */
export interface Stretch {
  readonly after: number
  readonly to: number
}

export interface Query {
  readonly text: string
  readonly values: readonly (string | number)[]
}

/** For a page in few texts: see `packed-rows.ts`. */
export interface PageQuery {
  /** Gives a `PackableRow`. */
  readonly rows: string
  /** Gives the `OtherData` of the same rows. */
  readonly others: string
  /** Of each piece of the page, one behind the other. */
  readonly values: readonly (readonly (string | number)[])[]
}

/** How many positions a piece of a page has: V8 keeps texts of more than 128 KB in pages of their own, which takes longer. */
const positionsOfPiece = 250

/** For rows of the log, so many at most. */
export function scanQuery(stretch: Stretch, filter: LogFilter, limit: number): Query {
  const { condition, values } = conditionOf(stretch, filter)
  const text = `SELECT ${smallColumns} ${condition} ORDER BY position ${limitClause}`
  return { text, values: [...values, limit] }
}

/**
 * For all rows of a stretch at once. SQLite puts texts together in half the time in which it hands over as many rows,
 * and looks at data for next to nothing.
 */
export function pageQuery(stretch: Stretch, filter: LogFilter): PageQuery {
  const { condition } = conditionOf(stretch, filter)
  const columns = ['position', 'actor', 'version', 'id', 'type', 'time', 'metadata']
  const lists = columns.map((column) => `json_group_array(${column})`).join(', ')
  return {
    rows: `SELECT ${lists}, group_concat(iif(${isOther}, char(1), data)) ${condition}`,
    others: `SELECT position, ${smallerData} AS text ${condition} AND ${isOther} ORDER BY position`,
    values: piecesOf(stretch).map((piece) => conditionOf(piece, filter).values),
  }
}

function piecesOf({ after, to }: Stretch): readonly Stretch[] {
  const pieces: Stretch[] = []
  for (let start = after; start < to; start += positionsOfPiece)
    pieces.push({ after: start, to: Math.min(to, start + positionsOfPiece) })
  return pieces
}

/** The part of a query that SQLite can decide. */
function conditionOf(
  { after, to }: Stretch,
  { actorTypes, eventTypes }: LogFilter,
): { readonly condition: string; readonly values: readonly (string | number)[] } {
  // All ids of a type lie between its `type-` and the next character, `type.` The plus keeps SQLite from
  // the index of actors: it would sort all events of the type for each batch.
  const ofTypes = actorTypes?.map(() => '(+actor >= ? AND +actor < ?)').join(' OR ')
  const named = eventTypes?.map(() => '?').join(', ')
  const conditions = [
    'position > ? AND position <= ?',
    ...(ofTypes ? [`(${ofTypes})`] : []),
    ...(named ? [`type IN (${named})`] : []),
  ]
  return {
    // By its position alone: SQLite would take all that pass by the index of actors, and sort them.
    condition: `FROM event NOT INDEXED WHERE ${conditions.join(' AND ')}`,
    values: [
      integer(after),
      to,
      ...(actorTypes ?? []).flatMap((type) => [`${type}-`, `${type}.`]),
      ...(eventTypes ?? []),
    ],
  }
}

/** The largest number that a column holds, for a bound that is infinite. */
export function integer(bound: number): number {
  return Math.min(bound, Number.MAX_SAFE_INTEGER)
}
