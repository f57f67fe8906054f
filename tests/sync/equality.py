"""Whether an archive is what its vendor has: byte by byte, none lost, none twice."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.sync.vendor import meaning

from convarchive import Archive
from convarchive.compliance.verify import Options
from convarchive.sandbox import Sandbox
from convarchive.store.ingest import unpack
from convarchive.store.recordings import path_of


def assert_equal(archive: Archive, sandbox: Sandbox) -> None:
    """The archive has everything that the vendor has, as it is there now, and nothing twice; what
    it has beyond that is marked as deleted."""
    archive.close()  # the next look is at the last commit
    stored = dict(archive.conversations(archive.keys()))
    there = {found.id: key for key, found in stored.items() if not found.deleted_at_source}
    ids = sandbox.upstream.ids()
    assert sorted(there) == sorted(ids), "lost, or not marked as deleted"
    assert len({found.id for found in stored.values()}) == len(stored), "twice"
    for identifier, key in there.items():
        told = sandbox.upstream.get(identifier)
        assert told is not None
        found = stored[key]
        assert found._replace(recording=None, revision=0) == meaning(told), identifier
        _assert_bytes(archive, sandbox, key, told)
    assert_record(archive)


def _assert_bytes(archive: Archive, sandbox: Sandbox, key: int, told: dict[str, Any]) -> None:
    """The newest revision holds what the vendor says now, and the sound is the vendor's."""
    (_, body), *_ = archive.documents(key)
    kept = json.loads(body)["data"]
    link = kept.pop("recording_url", None)
    name = told.pop("recording", None)
    told.pop("recording_url", None)
    assert kept == told
    assert bool(link) == bool(name)
    sound = sandbox.recordings.get(name) if name and told["status"] != "in_progress" else None
    recording = next(found for _, found in archive.conversations([key])).recording
    if sound is None:
        return
    assert recording is not None, f"the recording of {told['id']} is lost"
    assert recording.sha256 == hashlib.sha256(sound).hexdigest()
    path = path_of(archive.directory, recording.sha256, recording.media_type)
    assert path.read_bytes() == sound


def assert_record(archive: Archive) -> None:
    """Every revision that there is can be read, has the bytes that its hashes say, and differs
    from the one before; the tables hang together and everything can be found. The ledger says the
    same."""
    connection = archive._connection()
    before: tuple[Any, ...] = ()
    for key, revision, fingerprint, newest in connection.execute(
        "SELECT r.conversation, r.revision, r.fingerprint, c.revision FROM revisions AS r"
        " JOIN conversations AS c ON c.key = r.conversation ORDER BY 1, 2"
    ):
        assert 1 <= revision <= newest
        assert before != (key, revision - 1, fingerprint), "the same state twice"
        before = (key, revision, fingerprint)
        assert archive.documents(key, revision)
    for key, newest, count in connection.execute(
        "SELECT key, c.revision, count(*) FROM conversations AS c"
        " JOIN revisions AS r ON r.conversation = key GROUP BY key"
    ):
        assert newest == count, f"{key} lacks a revision"
    for sha256, size, body in connection.execute("SELECT sha256, bytes, body FROM documents"):
        plain = unpack(body)
        assert (hashlib.sha256(plain).hexdigest(), len(plain)) == (sha256, size)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert archive.unindexed() == 0
    assert archive.search("", limit=1).total == len(archive.keys())
    archive.close()
    assert archive.verify(Options(remember=False)).damage == []
