"""A checkpoint says what the ledger was; none is ever signed that contradicts an earlier one."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compliance.conftest import call, grow, tamper

from convarchive import Archive
from convarchive.compliance import checkpoints, keys, notes
from convarchive.errors import DamageFound, UsageError
from convarchive.sandbox import Sandbox
from convarchive.store import ledger, merkle
from convarchive.sync.engine import Options

ROOT = bytes(range(32))
BODY = f"convarchive/test\n12\n{base64.b64encode(ROOT).decode()}\n"


def note(body: str) -> bytes:
    """A body that someone has signed."""
    return f"{body}\n— someone {base64.b64encode(bytes(68)).decode()}\n".encode()


# The file


def test_its_three_lines(signed: Archive) -> None:
    """Whose ledger it is, how long it is, and its root: as C2SP has them."""
    grow(signed, 700)
    made = signed.checkpoint()
    entries = [entry.data for entry in ledger.read(signed._connection())]
    tree = merkle.Growing()
    for data in entries:
        tree.add(merkle.leaf_hash(data))
    name = keys.name(signed._connection())
    body = f"{name}\n{len(entries)}\n{base64.b64encode(tree.root()).decode()}\n".encode()
    assert notes.verify(made.text, signed.verifier_keys()).body == body
    assert made[:3] == (name, len(entries), tree.root())
    assert made.path is not None
    assert made.path.name == f"{len(entries):012}-{tree.root().hex()[:8]}.txt"
    assert made.path.read_bytes() == made.text


def test_it_is_for_its_owner_only(signed: Archive) -> None:
    """As all files of an archive."""
    made = signed.checkpoint()
    assert made.path is not None
    if os.name == "posix":
        assert made.path.stat().st_mode & 0o777 == 0o600
        assert made.path.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_written_is_read() -> None:
    """Extension lines, which C2SP allows, are passed over."""
    for body in (BODY, f"{BODY}an extension\n"):
        read = checkpoints.parse(note(body))
        assert read[:3] == ("convarchive/test", 12, ROOT)
    assert checkpoints.parse(note(BODY.replace("12", "0"))).size == 0


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace("\n12\n", "\n012\n"),
        BODY.replace("\n12\n", "\n-1\n"),
        BODY.replace("\n12\n", "\n1e3\n"),
        BODY.replace("\n12\n", "\n١٢\n"),
        BODY.replace("\n12\n", f"\n{'9' * 30}\n"),
        BODY.replace("\n12\n", "\n \n"),
        BODY.replace("convarchive/test", ""),
        BODY[:-6] + "\n",
        BODY.replace("=\n", "\n"),
        BODY.replace("AAE", "A\nE"),
        "convarchive/test\n12\n",
        f"{BODY}\nafter an empty line\n",
    ],
    ids=["zero", "minus", "power", "arabic", "huge", "blank", "nobody", "short", "padding", "cut",
         "two-lines", "empty-line"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(body: str) -> None:
    """Though it may be a note."""
    with pytest.raises(notes.NoteError):
        checkpoints.parse(note(body))


@given(st.binary(max_size=300))
def test_rubbish_raises_nothing_else(data: bytes) -> None:
    """Neither as a file nor as a body."""
    for each in (data, data + b"\n" + note("")):
        with pytest.raises(notes.NoteError):
            checkpoints.parse(each)


# When it is written


def test_one_after_each_sync(mirror: Archive, vendor: Sandbox) -> None:
    """Each stands for more than the one before, and the ledger goes on from all of them."""
    for _ in range(3):
        call(vendor)
        assert mirror.sync().unkept is None
    kept = mirror.checkpoints()
    assert len(kept) == 3
    assert [each.size for each in kept] == sorted({each.size for each in kept})
    for each in kept:
        assert each.signed_by == tuple(mirror.verifier_keys())
        assert mirror.compare(each.text).root == each.root
    assert kept[-1].size == ledger.size(mirror._connection())


def test_none_after_a_dry_run(mirror: Archive) -> None:
    """Nothing was done."""
    mirror.sync(options=Options(dry_run=True))
    assert mirror.checkpoints() == []


def test_one_after_a_sync_that_failed(mirror: Archive, vendor: Sandbox) -> None:
    """What came before it stopped is signed."""
    mirror.sync(options=Options(limit=1))
    assert mirror.count() == 1
    (kept,) = mirror.checkpoints()
    assert kept.size == ledger.size(mirror._connection())


def test_one_after_an_import(signed: Archive, tmp_path: Path) -> None:
    """And none after importing the same again, which brings nothing."""
    call = {"id": "conv_1", "start_time": "2026-01-15T10:00:00Z", "status": "completed"}
    (tmp_path / "calls.jsonl").write_text(json.dumps(call | {"transcript": {"messages": []}}))
    report = signed.import_files([tmp_path / "calls.jsonl"])
    assert (report.new, report.unkept) == (1, None)
    assert len(signed.checkpoints()) == 1
    signed.import_files([tmp_path / "calls.jsonl"])
    assert len(signed.checkpoints()) == 1


def test_no_second_one_of_the_same(signed: Archive) -> None:
    """Without a new entry the newest one is given again."""
    assert signed.checkpoint() == signed.checkpoint()
    assert len(signed.checkpoints()) == 1


def test_what_a_killed_run_left_is_swept_away(signed: Archive) -> None:
    """A file that was half written is none, and the next one is whole."""
    signed.checkpoint()
    left = signed.directory / "checkpoints" / ".part-000000000009-abcdef01.txt-x1"
    left.write_bytes(b"convarchive/")
    grow(signed)
    signed.checkpoint()
    assert not left.exists()
    assert len(signed.checkpoints()) == 2


# Forks


def test_a_ledger_that_was_changed_is_not_signed(signed: Archive) -> None:
    """One letter of an entry is enough; the checkpoint of before stays the newest."""
    grow(signed, 5)
    before = signed.checkpoint()
    tamper(signed, "UPDATE ledger SET entry = replace(entry, 'test', 'rest') WHERE position = 5")
    grow(signed)
    with pytest.raises(DamageFound, match="does not go on") as caught:
        signed.checkpoint()
    assert caught.value.exit_code == 7
    assert [each.text for each in signed.checkpoints()] == [before.text]


def test_a_ledger_that_was_cut_off_is_not_signed(signed: Archive) -> None:
    """Not even when it has grown as long again."""
    grow(signed, 5)
    signed.checkpoint()
    size = ledger.size(signed._connection())
    tamper(signed, f"DELETE FROM ledger WHERE position >= {size - 2}")
    for _ in range(2):
        with pytest.raises(DamageFound):
            signed.checkpoint()
        grow(signed, 3)
    assert len(signed.checkpoints()) == 1


def test_an_old_database_under_a_newer_checkpoint_is_not_signed(
    mirror: Archive, vendor: Sandbox, tmp_path: Path
) -> None:
    """The sync stores what it got and says that the history is another: exit code 7."""
    mirror.sync()
    mirror.close()
    shutil.copy(mirror.directory / "archive.db", tmp_path / "old.db")
    call(vendor)
    with Archive.open(mirror.directory) as archive:
        archive.sync()
    for name in ("archive.db", "archive.db-wal", "archive.db-shm"):
        (mirror.directory / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "old.db", mirror.directory / "archive.db")
    with Archive.open(mirror.directory) as archive:
        report = archive.sync()
        assert isinstance(report.unkept, DamageFound)
        assert len(archive.checkpoints()) == 2


def test_beside_a_newest_checkpoint_that_is_not_whole_nothing_is_signed(signed: Archive) -> None:
    """It may be the only trace of what was done; put back or moved away, signing goes on."""
    made = signed.checkpoint()
    assert made.path is not None
    grow(signed)
    letter = b"B" if made.text[-30:-29] == b"A" else b"A"
    for text in (b"rubbish", b"", made.text[:-30] + letter + made.text[-29:]):
        made.path.write_bytes(text)
        with pytest.raises(DamageFound, match="not what was written"):
            signed.checkpoint()
    made.path.write_bytes(made.text)
    assert signed.checkpoint().size > made.size


# Reading what is there


def test_rubbish_among_the_checkpoints_comes_with_an_error(signed: Archive) -> None:
    """In its place by size; what has another name is not looked at."""
    made = signed.checkpoint()
    folder = signed.directory / "checkpoints"
    (folder / "000000000001-00000000.txt").write_bytes(b"\xff\0")
    (folder / "000000000009-00000000.txt").write_bytes(made.text)
    (folder / "000000000008-00000000.txt").mkdir()
    (folder / "notes.txt").write_text("mine")
    found = signed.checkpoints()
    assert [each.size for each in found] == [1, made.size, 8, made.size]
    assert [bool(each.error) for each in found] == [True, False, True, True]
    assert found[3].error == "It says something else than its name."
    assert checkpoints.all_of(folder) == []


def test_every_flipped_bit_of_a_checkpoint_is_noticed(signed: Archive) -> None:
    """Its signature, or its form, or its name does not fit any more."""
    made = signed.checkpoint()
    assert made.path is not None
    for at in range(len(made.text)):
        changed = bytearray(made.text)
        changed[at] ^= 1 << at % 8
        made.path.write_bytes(changed)
        (found,) = signed.checkpoints()
        assert found.error, changed
        with pytest.raises((DamageFound, UsageError)):
            signed.compare(bytes(changed))


def test_a_cosigned_checkpoint_holds(signed: Archive) -> None:
    """A witness elsewhere may add its signature; who does not know it passes over it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    made = signed.checkpoint()
    witness = Ed25519PrivateKey.generate()
    body = made.text.split(b"\n\n")[0] + b"\n"
    line = notes.sign(body, "witness.example", witness).rpartition(b"\n\n")[2]
    vkey = notes.verifier_key("witness.example", witness.public_key().public_bytes_raw())
    assert signed.compare(made.text + line).signed_by == made.signed_by
    assert signed.compare(made.text + line, [vkey]).signed_by == (vkey,)


# Comparing


def test_every_earlier_checkpoint_is_one_the_ledger_goes_on_from(signed: Archive) -> None:
    """Across the sizes at which hashes are kept; each proof holds by itself."""
    made = []
    for many in (1, 2, 250, 3, 1, 300, 700):
        grow(signed, many)
        made.append(signed.checkpoint())
    for at, old in enumerate(made):
        assert signed.compare(old.text).size == old.size
        for new in made[at:]:
            proof = signed.consistency(old.size, new.size)
            assert merkle.extends(old.size, new.size, old.root, new.root, proof)


@pytest.mark.parametrize("position", [4, 511, 512, 580])
def test_what_was_altered_before_it_is_noticed(signed: Archive, position: int) -> None:
    """Wherever it is, also below a hash that is kept, and whatever is signed since."""
    grow(signed, 600)
    old = signed.checkpoint()
    tamper(
        signed,
        f"UPDATE ledger SET entry = replace(entry, 'test', 'rest') WHERE position = {position}",
    )
    with pytest.raises(DamageFound, match="another history"):
        signed.compare(old.text)
    grow(signed)
    if position < 512:
        new = signed.checkpoint()
        with pytest.raises(DamageFound, match="another history"):
            signed.compare(new.text)


def test_a_hash_that_was_altered_is_noticed_quickly(signed: Archive) -> None:
    """Then the hashes that are kept are not those that were signed."""
    grow(signed, 600)
    old = signed.checkpoint()
    tamper(signed, "UPDATE ledger_nodes SET hash = zeroblob(32) WHERE number = 1")
    with pytest.raises(DamageFound, match="another history"):
        signed.compare(old.text, quick=True)
    with pytest.raises(DamageFound, match="does not go on"):
        signed.checkpoint(new_key=True)
    assert signed.compare(old.text) == old._replace(path=None)


def test_an_archive_that_is_older_is_noticed(signed: Archive, tmp_path: Path) -> None:
    """It has fewer entries than were signed."""
    signed.close()
    shutil.copytree(signed.directory, tmp_path / "before")
    with Archive.open(signed.directory) as archive:
        grow(archive)
        made = archive.checkpoint()
    with (
        Archive.open(tmp_path / "before") as before,
        pytest.raises(DamageFound, match="older than the checkpoint"),
    ):
        before.compare(made.text)


def test_another_archive_s_checkpoint_is_told_apart(signed: Archive, tmp_path: Path) -> None:
    """By its first line."""
    with Archive.create(tmp_path / "other") as other:
        made = other.checkpoint()
    with pytest.raises(UsageError, match="another archive"):
        signed.compare(made.text)


def test_only_the_key_that_is_given_counts(signed: Archive) -> None:
    """Whoever wrote that down needs not trust what the ledger says of keys."""
    old = signed.checkpoint()
    new = signed.checkpoint(new_key=True)
    first, second = signed.verifier_keys()
    assert signed.compare(old.text, [first]).signed_by == (first,)
    with pytest.raises(DamageFound, match="has signed"):
        signed.compare(new.text, [first])
    with pytest.raises(DamageFound, match="has signed"):
        signed.compare(old.text, [second])


@pytest.mark.parametrize(("old", "new"), [(5, 2), (0, 10**15), (10**15, None)])
def test_a_proof_that_cannot_be(signed: Archive, old: int, new: int | None) -> None:
    """From the larger to the smaller one, or to what never was."""
    with pytest.raises(UsageError, match="no proof"):
        signed.consistency(old, new)
