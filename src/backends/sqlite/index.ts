export { backupSqlite } from './backup-sqlite.ts'
export type { BackupOptions } from './backup-sqlite.ts'
export { sqlite } from './sqlite-backend.ts'
export type { SqliteOptions } from './sqlite-options.ts'
