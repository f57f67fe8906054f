"""Proofs: what is in them, and when there can be none."""

from __future__ import annotations

import base64
import json
import re
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from tests.compliance.conftest import grow
from tests.compliance.signed import ODD, SOUND, Holds, Proved, prover

from convarchive import Archive
from convarchive.compliance import notes, proofs
from convarchive.errors import ConvarchiveError, DamageFound, NotFound
from convarchive.store import database, merkle


def test_it_is_about_the_state_and_the_recording(proof: proofs.Proof) -> None:
    """The newest state, that it has the recording, and the recording's bytes."""
    kinds = [json.loads(part["leaf"])["kind"] for part in proof["proofs"]]
    assert kinds == ["revision", "recording", "sound"]
    state, _, sound = (part["content"] for part in proof["proofs"])
    assert (state["id"], state["revision"]) == (ODD, 2)
    assert (sound["sha256"], sound["stored"]) == (sha256(SOUND).hexdigest(), True)


def test_every_conversation_and_every_state(proved: Proved, holds: Holds) -> None:
    """Has a proof that holds."""
    with Archive.open(proved.directory) as archive:
        made = archive.prover()
        for key in archive.keys(""):
            assert holds(made.of(key), key=proved.vkey)
        both = made.of_all_states(proved.key)
    assert holds(both, key=proved.vkey)
    states = [p["content"]["revision"] for p in both["proofs"] if "revision" in p["content"]]
    assert states == [1, 2]


def test_an_earlier_state_comes_without_the_recording(proved: Proved, holds: Holds) -> None:
    """Which goes with the newest."""
    with prover(proved) as made:
        proof = made.of(proved.key, [1])
    assert [part["content"]["revision"] for part in proof["proofs"]] == [1]
    assert holds(proof)


def test_the_same_bytes_each_time(proved: Proved, proof: proofs.Proof) -> None:
    """Made again, it is the same file."""
    with prover(proved) as made:
        assert proofs.written(made.of(proved.key)) == proofs.written(proof)


def test_other_tools_can_read_the_tlog_proof(proved: Proved, proof: proofs.Proof) -> None:
    """It has the form of c2sp.org/tlog-proof, and its checkpoint that of a signed note."""
    hashed, number = r"[A-Za-z0-9+/]{43}=\n", r"(0|[1-9]\d*)"
    note = rf"\S+\n{number}\n{hashed}\n— .*\n"
    form = rf"c2sp\.org/tlog-proof@v1\nindex {number}\n((?:{hashed})*)\n({note})"
    for part in proof["proofs"]:
        found = re.fullmatch(form, part["tlog_proof"])
        assert found is not None
        path = [base64.b64decode(line) for line in found[2].split()]
        body = notes.verify(found[3].encode(), [proved.vkey]).body
        _, size, root = body.decode().split()
        leaf = merkle.leaf_hash(part["leaf"].encode())
        assert merkle.includes(leaf, int(found[1]), int(size), path, base64.b64decode(root))


# What can't be proved


def test_nothing_is_proved_without_a_signature(mine: Proved) -> None:
    """It is said what to do."""
    shutil.rmtree(mine.directory / "checkpoints")
    with pytest.raises(ConvarchiveError, match="convarchive checkpoint"), prover(mine):
        pass


def test_what_came_after_the_checkpoint(mine: Proved) -> None:
    """Is not covered by it, and what came before is."""
    oldest, *newer = sorted((mine.directory / "checkpoints").glob("0*.txt"))
    for path in newer:
        path.unlink()
    assert newer
    with prover(mine) as made:
        assert made.of(mine.other)["proofs"]
        assert made.checkpoint.path == oldest
        with pytest.raises(ConvarchiveError, match=r"is not signed yet.*convarchive checkpoint"):
            made.of(mine.key)


def test_a_checkpoint_that_is_damaged_is_passed_over(mine: Proved, holds: Holds) -> None:
    """The one before it will do, as far as it goes."""
    newest = max((mine.directory / "checkpoints").glob("0*.txt"))
    newest.write_bytes(newest.read_bytes().replace(b"=\n", b"A\n"))
    with prover(mine) as made:
        assert made.checkpoint.path != newest
        assert holds(made.of(mine.other), key=mine.vkey)


def test_no_checkpoint_that_is_whole(mine: Proved) -> None:
    """Is damage, with what is wrong with the newest."""
    for path in (mine.directory / "checkpoints").glob("0*.txt"):
        path.write_bytes(b"")
    with (
        pytest.raises(DamageFound, match=r"It is no signed note.*convarchive verify"),
        prover(mine),
    ):
        pass


def test_a_newer_checkpoint_than_what_is_read(mine: Proved, holds: Holds) -> None:
    """Is not used: while an export goes on, a sync may write one."""
    with Archive.open(mine.directory) as archive, archive.snapshot():
        keys = archive.keys()
        with Archive.open(mine.directory) as another:
            grow(another)
            newer = another.checkpoint()
        made = archive.prover()
        assert made.checkpoint.size < newer.size
        assert all(holds(made.of(key)) for key in keys)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE revisions SET salt = randomblob(16)",
        "UPDATE revisions SET salt = NULL",
        "UPDATE revisions SET ledger = NULL",
        "UPDATE revisions SET ledger = 0",
        "UPDATE recordings SET ledger = ledger - 1",
        "UPDATE revisions SET received_at = '2020-01-01T00:00:00.000000Z'",
        "UPDATE documents SET sha256 = printf('%064d', 0)",
        "UPDATE recordings SET fetched_at = '2020'",
        "UPDATE conversation_recordings SET salt = randomblob(16)",
        "DROP TRIGGER ledger_is_not_changed",
        "DROP TRIGGER ledger_is_not_shortened",
    ],
)
def test_no_proof_of_what_is_damaged(mine: Proved, statement: str) -> None:
    """What does not fit the ledger, or a ledger that does not fit its checkpoint, is told."""
    connection = database.connect(mine.directory, write=True)
    connection.execute(statement)
    if statement.endswith("changed"):
        connection.execute("UPDATE ledger SET entry = entry || ' ' WHERE kind = 'archive'")
    if statement.endswith("shortened"):
        connection.execute("DELETE FROM ledger WHERE position = 0")
    connection.close()
    with prover(mine) as made, pytest.raises(DamageFound, match="convarchive verify"):
        made.of(mine.key)


def test_a_state_that_never_was(proved: Proved) -> None:
    """Is not found."""
    with prover(proved) as made, pytest.raises(NotFound, match="no revision 3"):
        made.of(proved.key, [1, 3])


def test_a_conversation_that_was_never_erased(proved: Proved) -> None:
    """Has no tombstone to be proved."""
    with prover(proved) as made, pytest.raises(NotFound, match="was erased"):
        made.of_tombstone(proved.key)


# What was erased


@pytest.fixture
def erased(mine: Proved) -> Proved:
    """The archive after the conversation that had changed was erased, and that was signed."""
    with Archive.open(mine.directory) as archive:
        archive.erase(archive.plan_erasure(ids=[ODD]), reason="Request 17")
        archive.checkpoint()
    return mine


def test_a_tombstone_is_proved(erased: Proved, holds: Holds) -> None:
    """Both states were received, the recording was there, and then came the erasure: each entry is
    still in the tree, but what they commit to is gone."""
    with prover(erased) as made:
        proof = made.of_tombstone(erased.key)
    assert holds(proof, key=erased.vkey)
    *gone, stone = proof["proofs"]
    kinds = [json.loads(part["leaf"])["kind"] for part in proof["proofs"]]
    assert kinds == ["revision", "sound", "recording", "revision", "erasure"]
    assert {(part["salt"], part["content"]) for part in gone} == {(None, None)}
    assert json.loads(stone["leaf"])["conversation"] == erased.key
    assert stone["content"]["source"] == "ayra"
    assert "odd_" not in json.dumps(proof)


def test_a_tombstone_can_be_tied_to_an_old_proof(
    erased: Proved, proof: proofs.Proof, holds: Holds, documents: list[Path]
) -> None:
    """Who was handed the conversation before can still prove it, and its entry is the one whose
    content the erasure names as destroyed."""
    with prover(erased) as made:
        leaves = [part["leaf"] for part in made.of_tombstone(erased.key)["proofs"]]
    assert holds(proof, *documents, key=erased.vkey)
    assert proof["proofs"][0]["leaf"] in leaves


def test_what_was_erased_has_no_other_proof(erased: Proved) -> None:
    """By its key there is nothing to open; by its name it is known that it was erased."""
    with Archive.open(erased.directory) as archive:
        with pytest.raises(NotFound):
            archive.prover().of(erased.key)
        assert archive.key_of_erased(ODD) == erased.key
        assert archive.key_of_erased(f"ayra/{ODD}") == erased.key
        assert archive.key_of_erased("conv_1") is None
