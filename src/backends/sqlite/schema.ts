/** Marks a file as ours: "AETH". */
export const applicationId = 0x41455448
/**
 * One row an event. `actor` is the actor id with its key encoded, so plain ASCII; `data` and
 * `metadata` are JSON.
 *
 * AUTOINCREMENT, so that a position is never given twice. Writers commit one after the other, so
 * positions become visible in their order.
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
 * Step by step from an empty file to the tables of this Aether: the first makes version 1 of an
 * empty file, the second makes version 2 of that. A step never changes once it was released.
 */
export const migrations: readonly string[] = [eventTable, snapshotTable, messageTable]

/** Kept as the file's `user_version`. */
export const schemaVersion: number = migrations.length
