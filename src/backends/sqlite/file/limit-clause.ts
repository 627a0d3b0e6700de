/**
 * Bounds a query by its last parameter. At a plain `LIMIT ?` SQLite looks at the value and plans the
 * statement anew each time, which takes longer than reading an actor of few events.
 */
export const limitClause = 'LIMIT ? + 0'
