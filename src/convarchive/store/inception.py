"""The first entries of a ledger: who it belongs to, and what the archive held before there was one.

An archive of an earlier version of this program gets its ledger with the migration. What it holds
is written down as of then: the ledger can't vouch for the time before it.
"""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from hashlib import sha256

from convarchive.store import clock, evidence, ledger

ARCHIVE = "archive"
"""The first entry of a ledger: the archive's id, and the SHA-256 of the key for hashing ids."""


def begin(connection: sqlite3.Connection) -> None:
    """Give an archive its id and its ledger; within the transaction of the migration."""
    at, name, key = clock.now(), str(uuid.uuid4()), secrets.token_bytes(32)
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)", [("archive_id", name), ("erasure_key", key.hex())]
    )
    ledger.append(connection, ARCHIVE, at, id=name, erasure_key_sha256=sha256(key).hexdigest())
    for row in connection.execute("SELECT name, kind, added_at FROM sources").fetchall():
        evidence.note_source(connection, row, at)
    _revisions(connection, at)
    _recordings(connection, at)
    _marks(connection, at)


def archive_id(connection: sqlite3.Connection) -> str:
    """The name of the archive that it keeps wherever it is copied to: a UUID."""
    (found,) = connection.execute("SELECT value FROM meta WHERE name = 'archive_id'").fetchone()
    return str(found)


def _revisions(connection: sqlite3.Connection, at: str) -> None:
    states = connection.execute(
        "SELECT c.key, c.source, c.id, r.revision, r.received_at, r.fingerprint"
        " FROM revisions AS r JOIN conversations AS c ON c.key = r.conversation"
        " ORDER BY r.received_at, r.conversation, r.revision"
    ).fetchall()
    for key, source, identifier, revision, received_at, fingerprint in states:
        documents = connection.execute(
            "SELECT name, sha256, bytes FROM documents WHERE conversation = ? AND revision = ?",
            (key, revision),
        ).fetchall()
        content = evidence.revision_content(
            key, source, identifier, revision, received_at, fingerprint, documents
        )
        connection.execute(
            "UPDATE revisions SET ledger = ?, salt = ? WHERE conversation = ? AND revision = ?",
            (*evidence.commit_revision(connection, content, at), key, revision),
        )


def _recordings(connection: sqlite3.Connection, at: str) -> None:
    sounds = connection.execute(
        "SELECT sha256, bytes, media_type, fetched_at, stored FROM recordings"
    ).fetchall()
    for sound in sounds:
        connection.execute(
            "UPDATE recordings SET ledger = ?, salt = ? WHERE sha256 = ?",
            (*evidence.commit_sound(connection, evidence.sound_content(*sound), at), sound[0]),
        )
    # The one that a conversation has comes last.
    links = connection.execute(
        "SELECT l.conversation, l.sha256, l.received_at FROM conversation_recordings AS l"
        " JOIN conversations AS c ON c.key = l.conversation"
        " ORDER BY l.conversation, l.sha256 IS c.recording_sha256, l.received_at"
    ).fetchall()
    for link in links:
        connection.execute(
            "UPDATE conversation_recordings SET ledger = ?, salt = ?"
            " WHERE conversation = ? AND sha256 = ?",
            (
                *evidence.commit_recording(connection, evidence.recording_content(*link), at),
                *link[:2],
            ),
        )


def _marks(connection: sqlite3.Connection, at: str) -> None:
    deleted = connection.execute(
        "SELECT key, deleted_at_source FROM conversations WHERE deleted_at_source IS NOT NULL"
    ).fetchall()
    for key, deleted_at in deleted:
        evidence.note_deleted(connection, key, deleted_at, at)
    windows = connection.execute(
        f"SELECT {', '.join(evidence.WINDOW_COLUMNS)} FROM sync_windows ORDER BY id"
    ).fetchall()
    for row in windows:
        evidence.note_window(connection, row, at)
