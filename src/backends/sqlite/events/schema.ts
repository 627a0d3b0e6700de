/** Marks a file as ours: "AETH". */
export const applicationId = 0x41455448
/**
 * One row an event. `actor` is the actor id with its key encoded, so plain ASCII; `data` and
 * `metadata` are JSON.
 *
 * AUTOINCREMENT, so that a position is never given twice; `leanInserts` does without. Writers commit one
 * after the other, so positions become visible in their order.
 *
 * The third trigger is for INSERT OR REPLACE, which would delete a row without asking the second.
 */
const eventTable = `
  CREATE TABLE event (
    position INTEGER PRIMARY KEY AUTOINCREMENT CHECK (position BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}),
    actor TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}),
    id TEXT NOT NULL CHECK (id <> ''),
    type TEXT NOT NULL CHECK (type <> ''),
    time TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (actor, version)
  ) STRICT;

  CREATE TRIGGER event_refuses_update BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'events are immutable: append a correcting event instead of an update');
  END;

  CREATE TRIGGER event_refuses_delete BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'events are immutable: append a correcting event instead of a delete');
  END;

  CREATE TRIGGER event_only_grows BEFORE INSERT ON event
  WHEN new.version <= (SELECT max(version) FROM event WHERE actor = new.actor)
    OR new.position BETWEEN 1 AND (SELECT max(position) FROM event)
  BEGIN
    SELECT RAISE(ABORT, 'events are immutable: an insert goes behind what is stored');
  END;

  PRAGMA application_id = ${applicationId};
`

/** One row an actor, spelled as in `event`; `snapshot` is the text of a snapshot shelf. */
const snapshotTable = `
  CREATE TABLE snapshot (
    actor TEXT PRIMARY KEY NOT NULL,
    snapshot TEXT NOT NULL
  ) STRICT;
`

/**
 * One row a message or reminder, `actor` spelled as in `event`; it is changed only by taking it away
 * and putting another, which has another revision. It is handed out once it is available: when it is
 * due, or when whoever has it is taken for dead.
 */
const messageTable = `
  CREATE TABLE message (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    actor_type TEXT NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER NOT NULL,
    available INTEGER NOT NULL,
    claims INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL,
    UNIQUE (actor, kind, name)
  ) STRICT;

  CREATE INDEX message_available ON message (actor_type, available);
`

/**
 * A row in `retention` allows deletes: of what is older than it says, from an actor's oldest event on,
 * and never of its newest, from which the next version is counted. `trimmed` has the version of the last
 * one deleted, which nobody can take back. The row can only be put in before the first event.
 *
 * The two triggers before inserts are for INSERT OR REPLACE as well.
 */
const retentionTables = `
  CREATE TABLE retention (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    keep_for_ms INTEGER NOT NULL CHECK (keep_for_ms >= 0)
  ) STRICT;

  CREATE TRIGGER retention_comes_first BEFORE INSERT ON retention
  WHEN EXISTS (SELECT 1 FROM event) OR EXISTS (SELECT 1 FROM retention) BEGIN
    SELECT RAISE(ABORT, 'retention is allowed before the first event, or never');
  END;

  CREATE TRIGGER retention_refuses_update BEFORE UPDATE ON retention BEGIN
    SELECT RAISE(ABORT, 'retention is allowed before the first event, and never changed');
  END;

  CREATE TABLE trimmed (
    actor TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;

  CREATE TRIGGER trimmed_only_grows BEFORE INSERT ON trimmed
  WHEN new.version <= (SELECT version FROM trimmed WHERE actor = new.actor) BEGIN
    SELECT RAISE(ABORT, 'what was trimmed stays so');
  END;

  CREATE TRIGGER trimmed_refuses_update BEFORE UPDATE ON trimmed
  WHEN new.actor <> old.actor OR new.version <= old.version BEGIN
    SELECT RAISE(ABORT, 'what was trimmed stays so');
  END;

  CREATE TRIGGER trimmed_refuses_delete BEFORE DELETE ON trimmed BEGIN
    SELECT RAISE(ABORT, 'what was trimmed stays so');
  END;

  DROP TRIGGER event_refuses_delete;

  CREATE TRIGGER event_refuses_delete BEFORE DELETE ON event
  WHEN NOT EXISTS (SELECT 1 FROM retention) BEGIN
    SELECT RAISE(ABORT, 'events are immutable: append a correcting event instead of a delete');
  END;

  CREATE TRIGGER event_is_kept_while_young BEFORE DELETE ON event
  WHEN coalesce(unixepoch(old.time, 'subsec'), 1e15) * 1000 + (SELECT keep_for_ms FROM retention)
    > unixepoch('now', 'subsec') * 1000
  BEGIN
    SELECT RAISE(ABORT, 'events are immutable until they are older than the retention of this file');
  END;

  CREATE TRIGGER event_is_kept_while_newest BEFORE DELETE ON event
  WHEN EXISTS (SELECT 1 FROM retention)
    AND old.version = (SELECT max(version) FROM event WHERE actor = old.actor)
  BEGIN
    SELECT RAISE(ABORT, 'the newest event of an actor is immutable: its versions go on from there');
  END;

  CREATE TRIGGER event_goes_after_older_ones BEFORE DELETE ON event
  WHEN EXISTS (SELECT 1 FROM retention)
    AND old.version > (SELECT min(version) FROM event WHERE actor = old.actor)
  BEGIN
    SELECT RAISE(ABORT, 'events are immutable while there are older ones of their actor');
  END;

  CREATE TRIGGER event_is_noted_when_trimmed AFTER DELETE ON event
  WHEN EXISTS (SELECT 1 FROM retention) BEGIN
    INSERT INTO trimmed (actor, version) VALUES (old.actor, old.version)
      ON CONFLICT (actor) DO UPDATE SET version = excluded.version;
  END;
`

/**
 * One row a document of whichever table, its key spelled as those of actors. A change gives it another
 * revision, also the first one after it was taken away.
 */
const documentTable = `
  CREATE TABLE document (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (table_name, key)
  ) STRICT;
`

/**
 * The same guard for less than half: RAISE(FAIL) needs no journal of its own for each insert, as long as
 * the insert says OR FAIL as well, and whether there is one of this version or a later one is one look
 * into the index. What a statement of several rows has put in before the refused one stays.
 *
 * Without AUTOINCREMENT, which costs a page more in each commit. A position isn't given twice even so: the
 * next one is behind the greatest there is, whose event is the newest of its actor and never deleted.
 * That word says nothing about how rows are stored, so taking it out of the table's text is all: see
 * https://www.sqlite.org/lang_altertable.html#otheralter
 */
const leanInserts = `
  DROP TRIGGER event_only_grows;

  CREATE TRIGGER event_only_grows BEFORE INSERT ON event
  WHEN EXISTS (SELECT 1 FROM event WHERE actor = new.actor AND version >= new.version)
    OR new.position BETWEEN 1 AND (SELECT max(position) FROM event)
  BEGIN
    SELECT RAISE(FAIL, 'events are immutable: an insert goes behind what is stored');
  END;

  PRAGMA writable_schema = ON;
  UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY AUTOINCREMENT', 'PRIMARY KEY')
    WHERE type = 'table' AND name = 'event';
  PRAGMA writable_schema = RESET;
  DELETE FROM sqlite_sequence WHERE name = 'event';
`

/**
 * What the log is told from others by: made at random once, in a file of an older Aether when it is first
 * opened. Nothing takes it away: what was made of this log would be taken for another's.
 */
const logTable = `
  CREATE TABLE log (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    id TEXT NOT NULL
  ) STRICT;

  INSERT INTO log VALUES (1, lower(hex(randomblob(16))));

  CREATE TRIGGER log_refuses_insert BEFORE INSERT ON log BEGIN
    SELECT RAISE(ABORT, 'the identity of a log never changes');
  END;

  CREATE TRIGGER log_refuses_update BEFORE UPDATE ON log BEGIN
    SELECT RAISE(ABORT, 'the identity of a log never changes');
  END;

  CREATE TRIGGER log_refuses_delete BEFORE DELETE ON log BEGIN
    SELECT RAISE(ABORT, 'the identity of a log never changes');
  END;
`

/** So that the next ones are found without looking at all that wait. */
const messagesByTime = 'CREATE INDEX message_due ON message (due);'

/**
 * Step by step from an empty file to the tables of this Aether: the first makes version 1 of an
 * empty file, the second makes version 2 of that. A step never changes once it was released.
 */
export const migrations: readonly string[] = [
  eventTable,
  snapshotTable,
  messageTable,
  retentionTables,
  documentTable,
  leanInserts,
  logTable,
  messagesByTime,
]

/** Kept as the file's `user_version`. */
export const schemaVersion: number = migrations.length
