export const help = `aether: event-sourced actors on SQLite and NATS JetStream

  aether dev MODULE [--port 4040]          runs what a module exports as a node: actors, views,
                                           projections and policies, with an HTTP gateway on 127.0.0.1

  aether check MODULE                      replays everything that is stored through the actors of
      [--against OLD-MODULE]               a module, before they are deployed: what they can't read,
                                           fold or know, and states that differ from an older module's

  aether actor ls FILTER                   the actors that have events
  aether actor ls --quarantined [--node URL]  those that a running node has in quarantine, and why
  aether actor show ACTOR -m MODULE        what it is
  aether actor state ACTOR -m MODULE       what it was [--at VERSION]
  aether actor history ACTOR -m MODULE     each event, and what it changed in the state
  aether actor diff ACTOR FROM TO -m MODULE  what changed between two versions
  aether actor send ACTOR COMMAND [INPUT] -m MODULE [--command-id ID [--first-sent TIME]]
  aether actor resume ACTOR [--node URL]   lets a running node ask an actor in quarantine again
  aether actor reminders [ACTOR]           what waits to be delivered, the next first [--limit 1000]
  aether actor unschedule ACTOR NAME       takes a reminder away [--kind message: what was told]

  aether events append ACTOR TYPE [DATA]   stores an event; DATA is JSON, - reads it from stdin
      -m MODULE | --unchecked              if the module's actor can take it, or whatever it is
      [--expect VERSION] [--id ID] [--metadata NAME=VALUE]…
  aether events read FILTER                the events of all actors [--malformed]
  aether events read ACTOR                 of one [--from VERSION] [--to VERSION] [--backwards]
                                           [--limit N] [--malformed]
  aether events tail FILTER                each new event as it is stored; --after 0: the old ones too
  aether events stats FILTER               how many of which kind, and from when
  aether events export FILTER              the log as NDJSON of CloudEvents [--skip-malformed]
  aether events import [FILE]              stores what export wrote; again goes on where it ended
  aether events verify [--after POSITION]  walks the log and says what is wrong where

  aether projection ls MODULE              how the views, projections and policies of a module are
                                           doing; all of projection takes --node URL in
                                           the place of the module: asks a running node
  aether projection show MODULE NAME [KEY]  the documents of a view, or one
      [--prefix TEXT] [--after KEY] [--limit N]
  aether projection lag MODULE [NAME]      how far behind the log they are, in events and seconds
  aether projection rebuild MODULE NAME    made anew beside what is read, which it then replaces
      [--back]                             also where that is of a newer version, which no node runs any more
  aether projection pause MODULE NAME      all nodes stop it
  aether projection resume MODULE NAME     they go on
  aether projection parked MODULE NAME     the actors that are held back, and why
  aether projection retry MODULE NAME ACTOR… | --all   once the cause is mended: tried again at once
  aether projection skip MODULE NAME ACTOR… --reason TEXT   passes over the one event that failed;
      [--position POSITION]                the one that parked showed, should another have failed since

  aether store info                        what a store is, and how it is kept
  aether store init                        makes all that a store needs, for those who may not
  aether store backup FILE                 a copy of a SQLite store, or of a file of tables,
                                           while it is written to
  aether store trim --before TIME | --older-than 90d  removes old events, but each actor's newest,
      [--keep-snapshots] [--actor-type TYPE]… [--key 'PATTERN*']
                                           from a store that was made with retention

aether COMMAND --help says all that a command takes, aether --version which this is.

Nearly all take [--backend BACKEND], one of
  sqlite:FILE                       one file (default: sqlite:aether.db)
  memory                            forgets everything at the end
  nats://HOST:PORT[,HOST:PORT][/NAMESPACE]
      [?replicas=3&durability=trust&monitoring=http://HOST:8222[,…]]
                                    login: NATS_USER, NATS_PASSWORD, NATS_TOKEN, NATS_CREDS,
                                    NATS_NKEY, NATS_CA, NATS_CERT, NATS_KEY in the environment
FILTER: [--after POSITION] [--limit N] [--type EVENT]… [--actor-type TYPE]… [--key 'PATTERN*']
Results are lines on a terminal, and JSON, one value a line, where a program reads or with --json.
Exit codes: 0 done, 1 failed, 2 not understood, 3 done and the answer is no (a conflict, something
found to be wrong).
`
