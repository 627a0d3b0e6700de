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
  /** Gives a `PageRow`. */
  readonly page: string
  /** Gives the `OtherData` of the same page. */
  readonly others: string
  readonly values: readonly (string | number)[]
}

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
  const { condition, values } = conditionOf(stretch, filter)
  const columns = ['position', 'actor', 'version', 'id', 'type', 'time', 'metadata']
  const lists = columns.map((column) => `json_group_array(${column})`).join(', ')
  return {
    page: `SELECT ${lists}, group_concat(iif(${isOther}, char(1), data)) ${condition}`,
    others: `SELECT position, ${smallerData} AS text ${condition} AND ${isOther} ORDER BY position`,
    values,
  }
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
