"""The tables of the third schema: the ledger, and what rests upon it."""

from __future__ import annotations

TABLES = """
-- What was done to the archive, in order: the leaves of a Merkle tree (RFC 6962). See
-- docs/evidence.md. kind and at are read from the entry.
CREATE TABLE ledger (
    position INTEGER PRIMARY KEY,
    entry    TEXT NOT NULL,
    kind     TEXT GENERATED ALWAYS AS (json_extract(entry, '$.kind')) VIRTUAL,
    at       TEXT GENERATED ALWAYS AS (json_extract(entry, '$.at')) VIRTUAL
) STRICT;

CREATE TRIGGER ledger_only_grows BEFORE INSERT ON ledger
WHEN new.position IS NOT (SELECT coalesce(max(position), -1) + 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows at its end'); END;

CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;

CREATE TRIGGER ledger_is_not_shortened BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is never shortened'); END;

-- The keys that checkpoints are signed with are looked up at each of them.
CREATE INDEX ledger_keys ON ledger (position) WHERE kind = 'key';

-- The hash over each 256 neighbours (level 8), each 65,536 (level 16) and so on.
CREATE TABLE ledger_nodes (
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash   BLOB NOT NULL,
    PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER ledger_nodes_are_not_replaced BEFORE INSERT ON ledger_nodes
WHEN EXISTS (SELECT 1 FROM ledger_nodes WHERE level = new.level AND number = new.number)
BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;

CREATE TRIGGER ledger_nodes_are_not_changed BEFORE UPDATE ON ledger_nodes
BEGIN SELECT RAISE(ABORT, 'the ledger is never changed'); END;

CREATE TRIGGER ledger_nodes_are_not_removed BEFORE DELETE ON ledger_nodes
BEGIN SELECT RAISE(ABORT, 'the ledger is never shortened'); END;

-- Where in the ledger each is, and the salt of what is said there.
ALTER TABLE revisions ADD COLUMN ledger INTEGER;

ALTER TABLE revisions ADD COLUMN salt BLOB;

ALTER TABLE recordings ADD COLUMN ledger INTEGER;

ALTER TABLE recordings ADD COLUMN salt BLOB;

ALTER TABLE conversation_recordings ADD COLUMN ledger INTEGER;

ALTER TABLE conversation_recordings ADD COLUMN salt BLOB;

CREATE UNIQUE INDEX recordings_by_ledger ON recordings (ledger);

-- A legal hold. What an erased person could be known by is taken out of one that is released.
CREATE TABLE holds (
    hold           INTEGER PRIMARY KEY,
    name           TEXT,
    query          TEXT,
    reason         TEXT,
    matter         TEXT,
    placed_by      TEXT,
    placed_at      TEXT NOT NULL,
    ledger         INTEGER NOT NULL,
    salt           BLOB,
    released_at    TEXT,
    released_by    TEXT,
    release_reason TEXT,
    release_ledger INTEGER,
    release_salt   BLOB
) STRICT;

CREATE UNIQUE INDEX holds_by_name ON holds (name) WHERE released_at IS NULL;

-- Which conversations a hold protects, once they matched its query or were named.
CREATE TABLE held (
    hold         INTEGER NOT NULL REFERENCES holds (hold),
    conversation INTEGER NOT NULL REFERENCES conversations (key),
    since        TEXT NOT NULL,
    ledger       INTEGER NOT NULL,
    PRIMARY KEY (conversation, hold)
) STRICT, WITHOUT ROWID;

CREATE INDEX held_by_hold ON held (hold);

-- A run that destroyed conversations: an erasure, or a disposal by the rules of retention. Without
-- finished_at it was interrupted, and the next command that writes goes on with it.
CREATE TABLE disposals (
    disposal      INTEGER PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind IN ('erasure', 'disposal')),
    at            TEXT NOT NULL,
    by            TEXT NOT NULL,
    reason        TEXT NOT NULL,
    rules         TEXT NOT NULL, -- JSON
    conversations INTEGER NOT NULL,
    recordings    INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    ledger        INTEGER NOT NULL,
    salt          BLOB NOT NULL,
    finished_at   TEXT
) STRICT;

-- What is left of a destroyed conversation. id_hash is a keyed hash of source and id; month is
-- that of its start, rule the class of retention by which it was due.
CREATE TABLE tombstones (
    conversation INTEGER PRIMARY KEY,
    disposal     INTEGER NOT NULL REFERENCES disposals (disposal),
    source       TEXT NOT NULL,
    id_hash      TEXT NOT NULL UNIQUE,
    month        TEXT,
    rule         TEXT,
    ledger       INTEGER NOT NULL,
    salt         BLOB NOT NULL
) STRICT;

-- The entries of the ledger whose content and salt were destroyed.
CREATE TABLE destroyed_entries (
    position     INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES tombstones (conversation)
) STRICT;

-- Sound of destroyed conversations whose files are still to be removed.
CREATE TABLE doomed_recordings (
    sha256     TEXT PRIMARY KEY,
    media_type TEXT,
    disposal   INTEGER NOT NULL REFERENCES disposals (disposal)
) STRICT, WITHOUT ROWID;

-- Who searched, read and handed over what. What an erased person could be known by is taken out.
-- The token is that of the file in which it waited, so that it goes in once.
CREATE TABLE access_log (
    entry         INTEGER PRIMARY KEY,
    at            TEXT NOT NULL,
    action        TEXT NOT NULL,
    "user"        TEXT NOT NULL,
    host          TEXT NOT NULL,
    query         TEXT,
    format        TEXT,
    conversations INTEGER NOT NULL,
    token         TEXT NOT NULL UNIQUE,
    ledger        INTEGER NOT NULL UNIQUE,
    salt          BLOB
) STRICT;

-- When each conversation was last verified, and found whole.
CREATE TABLE verified (
    conversation INTEGER PRIMARY KEY REFERENCES conversations (key),
    at           TEXT NOT NULL
) STRICT;

CREATE INDEX verified_by_time ON verified (at)
"""
