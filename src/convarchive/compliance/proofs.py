"""Proofs for strangers: that what they were handed is what the ledger has said for years.

A proof is one JSON document, which `convarchive.verify_proof` checks without this program and
without the archive::

    {"schema": "convarchive.proof/1",
     "verifier_key": "convarchive/5a0c…+033de0ae+AT…",
     "proofs": [{"leaf": "{…}", "salt": "…", "content": {…}, "tlog_proof": "…"}, …]}

There is one part for each entry of the ledger that speaks of a conversation: for its states, that
it has a recording, and for the recording's bytes. ``leaf`` is the entry, as it is hashed.
``content`` is what it commits to, with the SHA-256 of each document that the vendor sent, and
``salt``, in hex, is what the commitment was made with: SHA-256 over salt and canonical JSON.
``tlog_proof`` shows that the entry is in the tree of a signed checkpoint; it is a text of the form
that https://c2sp.org/tlog-proof describes, and can be taken out and given to other tools.

Of what was destroyed there is neither content nor salt, both are null. The entries are still there,
and so is the one that says when and how it was destroyed.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from convarchive.compliance import checkpoints, keys
from convarchive.errors import ConvarchiveError, DamageFound, NotFound
from convarchive.store import evidence, ledger, merkle

SCHEMA = "convarchive.proof/1"
SUFFIX = "proof.json"
CHECKER = "verify_proof.py"
"""The name of the program that checks proofs, to be handed over with them."""

_TLOG_PROOF = "c2sp.org/tlog-proof@v1"
_REMEMBERED = 1 << 14
"""Nodes of the tree: neighbours have most of their way to the root in common."""

_Committed = tuple[int, bytes, evidence.Content]  # position, salt and content

Proof = dict[str, Any]


class Prover:
    """Makes proofs against the newest checkpoint of an archive that is signed and fits its ledger.

    Args:
        connection: To the archive's database; a snapshot, where several proofs are to agree.
        directory: The archive's.

    Raises:
        ConvarchiveError: There is no such checkpoint.
    """

    def __init__(self, connection: sqlite3.Connection, directory: Path) -> None:
        self._connection = connection
        self.checkpoint = _newest(connection, directory)
        self._node = lru_cache(_REMEMBERED)(partial(ledger.node, connection))

    def of(self, key: int, revisions: Collection[int] = ()) -> Proof:
        """The proof of a conversation; with its newest state go its recordings.

        Args:
            key: Of the conversation.
            revisions: Which states; none for the newest.

        Raises:
            NotFound: It has no such state.
            ConvarchiveError: A state is newer than the checkpoint.
            DamageFound: The ledger says something else of it.
        """
        newest = self._newest_revision(key)
        wanted = set(revisions or [newest])
        states = {state[2]["revision"]: state for state in self._states(key)}
        if missing := sorted(wanted - set(states)):
            raise NotFound(
                f"There is no revision {missing[0]} of this conversation.", "",
                "See which there are: convarchive history ID",
            )  # fmt: skip
        committed = [states[revision] for revision in sorted(wanted)]
        if newest in wanted:
            committed += self._recordings(key)
        return self._document([self._opened(*one) for one in committed])

    def of_all_states(self, key: int) -> Proof:
        """The proof of every state of a conversation, and of its recordings; raises as `of`."""
        return self.of(key, [state[2]["revision"] for state in self._states(key)])

    def of_tombstone(self, key: int) -> Proof:
        """The proof that something was here, and was destroyed.

        Args:
            key: Of the conversation, as the certificate of its destruction says.

        Raises:
            NotFound: No conversation of this key was destroyed.
            ConvarchiveError: That is newer than the checkpoint.
            DamageFound: The ledger is not what was signed.
        """
        found = self._connection.execute(
            "SELECT ledger FROM tombstones WHERE conversation = ?1"
            " UNION SELECT position FROM destroyed_entries WHERE conversation = ?1 ORDER BY 1",
            (key,),
        ).fetchall()
        if not found:
            raise NotFound(
                f"No conversation of key {key} was erased from this archive.",
                "", "The keys are in the certificate of each erasure and disposal.",
            )  # fmt: skip
        return self._document([self._included(position) for (position,) in found])

    def _document(self, parts: list[Proof]) -> Proof:
        (key, *_) = self.checkpoint.signed_by
        return {"schema": SCHEMA, "verifier_key": key, "proofs": parts}

    def _opened(self, position: int, salt: bytes, content: evidence.Content) -> Proof:
        """An entry with what it commits to."""
        part = self._included(position)
        if json.loads(part["leaf"]).get("commitment") != ledger.commitment(salt, content):
            raise _damage(f"Entry {position} of the ledger commits to something else.")
        return part | {"salt": salt.hex(), "content": content}

    def _included(self, position: int) -> Proof:
        """An entry, shown to be in the tree of the checkpoint."""
        size, root = self.checkpoint.size, self.checkpoint.root
        if position >= size:
            raise ConvarchiveError(
                "What is to be proved is not signed yet.",
                f"The newest checkpoint is of {size:,} entries of the ledger, and this is number"
                f" {position + 1:,}.",
                "Sign it: convarchive checkpoint",
            )
        try:
            (entry,) = ledger.read(self._connection, position, position + 1)
            path = merkle.inclusion(position, size, self._node)
        except ValueError as error:
            raise _damage("Entries of the ledger are missing.") from error
        if not merkle.includes(merkle.leaf_hash(entry.data), position, size, path, root):
            raise _damage(f"Entry {position} of the ledger is not what was signed.")
        return {
            "leaf": entry.data.decode(),
            "salt": None,
            "content": None,
            "tlog_proof": self._tlog_proof(position, path),
        }

    def _tlog_proof(self, position: int, path: list[bytes]) -> str:
        hashes = (base64.b64encode(hashed).decode() for hashed in path)
        above = "\n".join([_TLOG_PROOF, f"index {position}", *hashes])
        return f"{above}\n\n{self.checkpoint.text.decode()}"

    def _newest_revision(self, key: int) -> int:
        found = self._connection.execute(
            "SELECT revision FROM conversations WHERE key = ?", (key,)
        ).fetchone()
        return int(found[0]) if found else 0

    def _states(self, key: int) -> Iterator[_Committed]:
        states = self._connection.execute(
            "SELECT ledger, salt, source, id, r.revision, received_at, r.fingerprint"
            " FROM revisions AS r JOIN conversations ON key = conversation WHERE key = ?"
            " ORDER BY r.revision",
            (key,),
        ).fetchall()
        for position, salt, source, identifier, revision, received_at, fingerprint in states:
            documents = self._connection.execute(
                "SELECT name, sha256, bytes FROM documents WHERE conversation = ? AND revision = ?",
                (key, revision),
            ).fetchall()
            content = evidence.revision_content(
                key, source, identifier, revision, received_at, fingerprint, documents
            )
            yield position, salt, content

    def _recordings(self, key: int) -> Iterator[_Committed]:
        found = self._connection.execute(
            "SELECT l.ledger, l.salt, l.received_at, s.ledger, s.salt,"
            " sha256, bytes, media_type, fetched_at, stored"
            " FROM conversation_recordings AS l JOIN recordings AS s USING (sha256)"
            " WHERE conversation = ? ORDER BY l.ledger",
            (key,),
        ).fetchall()
        for position, salt, received_at, sound_position, sound_salt, *sound in found:
            yield position, salt, evidence.recording_content(key, sound[0], received_at)
            yield sound_position, sound_salt, evidence.sound_content(*sound)


def written(proof: Mapping[str, Any]) -> bytes:
    """A proof as the bytes of a file, to be read by people as well."""
    import msgspec.json

    return msgspec.json.format(msgspec.json.encode(proof), indent=1) + b"\n"


def checker() -> bytes:
    """The program that checks proofs, `convarchive.verify_proof`."""
    from importlib.resources import files

    return files("convarchive").joinpath(CHECKER).read_bytes()


def _newest(connection: sqlite3.Connection, directory: Path) -> checkpoints.Checkpoint:
    """The newest checkpoint that is signed, and of a ledger no longer than the one that is read:
    while an export goes on, a sync may write a newer one.

    Raises:
        ConvarchiveError: There is none.
    """
    size, known = ledger.size(connection), keys.verifier_keys(connection)
    for checkpoint in reversed(checkpoints.all_of(directory)):
        if checkpoint.size <= size:
            checked = checkpoints.checked(checkpoint, known)
            if not checked.error:
                return checked
    raise ConvarchiveError(
        "Nothing can be proved, since the ledger was not signed yet.",
        "A proof leads to a signed checkpoint.",
        "Sign it: convarchive checkpoint",
    )


def _damage(why: str) -> DamageFound:
    return DamageFound(
        "This can't be proved, since the archive is damaged.", why, "See what: convarchive verify"
    )
