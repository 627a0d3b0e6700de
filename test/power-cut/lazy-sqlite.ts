import { DatabaseSync } from 'node:sqlite'

// Loaded before a program, makes it forget that SQLite has to sync each commit: the control of a
// power cut, which must lose something.

const exec = DatabaseSync.prototype.exec
DatabaseSync.prototype.exec = function (sql: string): void {
  exec.call(this, sql.replace('synchronous = FULL', 'synchronous = NORMAL'))
}
