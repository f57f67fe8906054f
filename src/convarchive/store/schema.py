"""The tables of ``archive.db``, and how an older archive becomes a newer one.

An analyst opens this file in Datasette or with ``sqlite-utils`` and no manual, so the tables have
real columns, ISO 8601 times in UTC, seconds, and foreign keys. Four kinds of table live here:

* **The record**: `revisions` and `documents`, the vendor's bytes as they came. Only ever added to.
* **A projection of the record**: `conversations`, `turns`. ``convarchive rebuild`` makes them anew.
* **Bookkeeping of the sync**: what the vendor has listed, how far, what is still owed.
* **Evidence**: the ledger, and what of the record it commits to; holds, disposals, tombstones.

A migration that has been released is never edited; a change is a new function at the end.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

VERSION = 3
"""The schema that this program writes, kept in ``PRAGMA user_version``: opening an archive compares
two integers, and only an older one pays for loading the migrations."""

PAGE_SIZE = 16_384
"""Bytes. Rows of 2 to 4 KB fill such pages in two thirds of the space that 4 KiB pages take."""


def migrations() -> Migrations:
    """Every step from an empty file to `VERSION`, in order."""
    from sqlite_utils.migrations import Migrations

    steps = Migrations("convarchive")
    for name, step in _STEPS.items():
        steps(name=name)(step)
    return steps


def draw(connection: sqlite3.Connection) -> None:
    """Make all tables in an empty database that is only looked at: without the library for
    migrations, which takes a third of a second to load, and a record of which were run."""
    for step in _STEPS.values():
        step(Bare(connection))


class Bare(NamedTuple):
    """What the steps need of a database, without the library."""

    conn: sqlite3.Connection

    def execute(self, sql: str) -> sqlite3.Cursor:
        """Run a statement."""
        return self.conn.execute(sql)


def _first_tables(db: Database | Bare) -> None:
    _execute(db, _FIRST_TABLES)


def _imports(db: Database | Bare) -> None:
    """What files bring that no vendor does: problems of files, recordings without their sound."""
    _execute(db, _IMPORTS)


def _evidence(db: Database | Bare) -> None:
    """The ledger, and what rests upon it; what an archive holds already is written down in it."""
    from convarchive.store import evidence_tables, inception

    _execute(db, evidence_tables.TABLES)
    inception.begin(db.conn)


def _execute(db: Database | Bare, script: str) -> None:
    for statement in script.split(";\n\n"):
        db.execute(statement)


_STEPS = {
    "0001_first_tables": _first_tables,
    "0002_imports": _imports,
    "0003_evidence": _evidence,
}

_FIRST_TABLES = """
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- An account that is mirrored. listed_to is the sync's cursor: every conversation that started
-- before it has been listed at least once. It is written only together with what was listed.
CREATE TABLE sources (
    name           TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,
    added_at       TEXT NOT NULL,
    listed_to      TEXT,
    synced_at      TEXT,
    complete_until TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE recordings (
    sha256     TEXT PRIMARY KEY,
    bytes      INTEGER NOT NULL,
    media_type TEXT,
    fetched_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest view of every conversation.
CREATE TABLE conversations (
    key                 INTEGER PRIMARY KEY,
    source              TEXT NOT NULL REFERENCES sources (name),
    id                  TEXT NOT NULL,
    status              TEXT NOT NULL CHECK (
                        status IN ('in_progress', 'completed', 'failed', 'abandoned', 'unknown')),
    started_at          TEXT,
    ended_at            TEXT,
    duration            REAL,
    agent_id            TEXT,
    caller_number       TEXT,
    language            TEXT,
    summary             TEXT,
    sentiment           TEXT,
    intent              TEXT,
    outcome             TEXT,
    failure_reason      TEXT,
    abandonment_reason  TEXT,
    platform            TEXT,
    topics              TEXT NOT NULL,
    keywords            TEXT NOT NULL,
    actions             TEXT NOT NULL,
    follow_up_tasks     TEXT NOT NULL,
    satisfaction        TEXT,
    integrations        TEXT,
    quality             TEXT,
    network             TEXT,
    errors              TEXT,
    has_transcript      INTEGER NOT NULL CHECK (has_transcript IN (0, 1)),
    turn_count          INTEGER NOT NULL,
    offers_recording    INTEGER NOT NULL CHECK (offers_recording IN (0, 1)),
    recording_sha256    TEXT REFERENCES recordings (sha256),
    revision            INTEGER NOT NULL,
    fingerprint         TEXT NOT NULL,
    first_seen_at       TEXT NOT NULL,
    changed_at          TEXT NOT NULL,
    deleted_at_source   TEXT,
    UNIQUE (source, id)
) STRICT;

-- Without its Z a time sorts right beside one that has fractions of a second.
CREATE INDEX conversations_by_start ON conversations (rtrim(started_at, 'Z'), source, id);

CREATE INDEX conversations_by_id ON conversations (id);

CREATE INDEX conversations_without_recording ON conversations (source)
WHERE offers_recording AND recording_sha256 IS NULL;

CREATE TABLE turns (
    conversation INTEGER NOT NULL REFERENCES conversations (key),
    position     INTEGER NOT NULL,
    speaker      TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('agent', 'customer', 'other')),
    text         TEXT NOT NULL,
    start        REAL,
    "end"        REAL,
    confidence   REAL,
    PRIMARY KEY (conversation, position)
) STRICT, WITHOUT ROWID;

CREATE VIEW conversation_topics (conversation, topic) AS
SELECT conversations.key, value FROM conversations, json_each(topics);

CREATE VIEW conversation_keywords (conversation, keyword) AS
SELECT conversations.key, value FROM conversations, json_each(keywords);

-- One state of a conversation as it was received. The fingerprint leaves out what changes with
-- every answer, such as signed links; it decides whether there is a new revision.
CREATE TABLE revisions (
    conversation INTEGER NOT NULL REFERENCES conversations (key),
    revision     INTEGER NOT NULL,
    received_at  TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    PRIMARY KEY (conversation, revision)
) STRICT, WITHOUT ROWID;

-- The vendor's bytes: sha256 and bytes are of the body as it came, the body is Zstandard.
CREATE TABLE documents (
    conversation INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    bytes        INTEGER NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (conversation, revision, name),
    FOREIGN KEY (conversation, revision) REFERENCES revisions (conversation, revision)
) STRICT;

CREATE TABLE conversation_recordings (
    conversation INTEGER NOT NULL REFERENCES conversations (key),
    sha256       TEXT NOT NULL REFERENCES recordings (sha256),
    received_at  TEXT NOT NULL,
    PRIMARY KEY (conversation, sha256)
) STRICT, WITHOUT ROWID;

-- What the vendor says that it has. A row whose two fingerprints differ is still to be fetched;
-- a null fingerprint means that the list item told too little to know.
CREATE TABLE listings (
    source              TEXT NOT NULL REFERENCES sources (name),
    id                  TEXT NOT NULL,
    started_at          TEXT,
    fingerprint         TEXT,
    fetched_fingerprint TEXT,
    fetched             INTEGER NOT NULL DEFAULT 0 CHECK (fetched IN (0, 1)),
    listed_at           TEXT NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX listings_by_start ON listings (source, rtrim(started_at, 'Z'));

CREATE INDEX listings_to_fetch ON listings (source, rtrim(started_at, 'Z')) WHERE NOT fetched;

-- A stretch of time that was listed whole: closed with listed = stored + failed.
CREATE TABLE sync_windows (
    id        INTEGER PRIMARY KEY,
    source    TEXT NOT NULL REFERENCES sources (name),
    since     TEXT,
    until     TEXT,
    listed    INTEGER NOT NULL,
    stored    INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT NOT NULL
) STRICT;

CREATE TABLE pending (
    source   TEXT NOT NULL REFERENCES sources (name),
    id       TEXT NOT NULL,
    reason   TEXT NOT NULL CHECK (reason IN ('in_progress', 'transcript')),
    since    TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at  TEXT NOT NULL,
    PRIMARY KEY (source, id, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE problems (
    key         INTEGER PRIMARY KEY,
    source      TEXT NOT NULL REFERENCES sources (name),
    id          TEXT NOT NULL,
    stage       TEXT NOT NULL CHECK (
                stage IN ('list', 'fetch', 'gone', 'read', 'stored', 'recording', 'unfinished')),
    message     TEXT NOT NULL,
    body        BLOB, -- Zstandard
    attempts    INTEGER NOT NULL,
    first_at    TEXT NOT NULL,
    last_at     TEXT NOT NULL,
    UNIQUE (source, id, stage)
) STRICT;

-- Requests that each key has made on each day, by UTC. The key's name, never the key.
CREATE TABLE budgets (
    source   TEXT NOT NULL REFERENCES sources (name),
    key      TEXT NOT NULL,
    day      TEXT NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (source, key, day)
) STRICT, WITHOUT ROWID;

-- For which conversations an alert has acted.
CREATE TABLE alert_matches (
    alert        TEXT NOT NULL,
    conversation INTEGER NOT NULL REFERENCES conversations (key),
    at           TEXT NOT NULL,
    PRIMARY KEY (alert, conversation)
) STRICT, WITHOUT ROWID;

-- What the search index still lacks, in the order in which it was stored.
CREATE TABLE index_queue (
    entry        INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations (key)
) STRICT
"""

_IMPORTS = """
CREATE TABLE problems_with_imports (
    key         INTEGER PRIMARY KEY,
    source      TEXT NOT NULL REFERENCES sources (name),
    id          TEXT NOT NULL,
    stage       TEXT NOT NULL CHECK (
                stage IN ('list', 'fetch', 'gone', 'read', 'stored', 'recording', 'unfinished',
                          'import')),
    message     TEXT NOT NULL,
    body        BLOB, -- Zstandard
    attempts    INTEGER NOT NULL,
    first_at    TEXT NOT NULL,
    last_at     TEXT NOT NULL,
    UNIQUE (source, id, stage)
) STRICT;

INSERT INTO problems_with_imports SELECT * FROM problems;

DROP TABLE problems;

ALTER TABLE problems_with_imports RENAME TO problems;

-- An imported conversation can name a recording whose sound did not come along.
ALTER TABLE recordings ADD COLUMN stored INTEGER NOT NULL DEFAULT 1 CHECK (stored IN (0, 1));

CREATE INDEX recordings_not_stored ON recordings (sha256) WHERE NOT stored;

CREATE INDEX conversations_by_recording ON conversations (recording_sha256)
WHERE recording_sha256 IS NOT NULL
"""
