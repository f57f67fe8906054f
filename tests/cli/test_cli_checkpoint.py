"""``checkpoint``: signing, and seeing later whether the archive goes on from what was signed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.compliance.authority import Authority, openssl
from tests.compliance.test_checkpoints import tamper

from convarchive import Archive, settings
from convarchive.compliance import keys

Run = Callable[..., Any]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """An empty archive with a key in a directory of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    with Archive.create(tmp_path / "calls") as archive:
        yield archive


@pytest.fixture
def kept(run: Run, calls: Archive) -> Path:
    """A checkpoint of it that was copied elsewhere; the archive has grown since."""
    settings.put(calls.directory, "notes", "mine", "so that the settings have changed")
    assert run("-a", "calls", "checkpoint", "-o", "kept.txt").code == 0
    settings.put(calls.directory, "notes", "mine", "and again")
    assert run("-a", "calls", "checkpoint").code == 0
    return Path("kept.txt")


def test_prints_the_checkpoint(run: Run, calls: Archive) -> None:
    """On the standard output; the verifier key, which belongs elsewhere, beside it."""
    ran = run("-a", "calls", "checkpoint")
    (path,) = calls.directory.glob("checkpoints/*-*[0-9a-f].txt")
    assert (ran.code, ran.out.encode()) == (0, path.read_bytes())
    (vkey,) = calls.verifier_keys()
    assert ran.err == f"Verifier key: {vkey}\n"


def test_without_anything_new_it_prints_the_same(run: Run, calls: Archive) -> None:
    """Though it is asked for quietly."""
    first = run("-a", "calls", "checkpoint")
    second = run("-q", "-a", "calls", "checkpoint", "-o", "-")
    assert (second.code, second.out, second.err) == (0, first.out, "")


def test_the_document(run: Run, calls: Archive) -> None:
    """One JSON document with the checkpoint itself in it."""
    ran = run("-a", "calls", "checkpoint", "--json")
    document = json.loads(ran.out)
    (made,) = calls.checkpoints()
    assert made.path is not None
    assert document.pop("at").endswith("Z")
    assert document == {
        "schema": "convarchive.checkpoint/1", "id": made.path.stem, "size": made.size,
        "root": made.root.hex(), "origin": made.origin, "signed_by": calls.verifier_keys(),
        "error": None, "path": str(Path("calls") / "checkpoints" / made.path.name),
        "stamp": None, "text": made.text.decode(), "verifier_key": calls.verifier_keys()[0],
    }  # fmt: skip


def test_into_a_file(run: Run, calls: Archive, kept: Path) -> None:
    """An earlier checkpoint of the same history gives way; nothing else does."""
    before = kept.read_bytes()
    ran = run("-a", "calls", "checkpoint", "-o", kept)
    assert (ran.code, ran.out) == (0, "")
    assert kept.read_bytes() == calls.checkpoints()[-1].text != before
    Path("mine.txt").write_text("mine")
    ran = run("-a", "calls", "checkpoint", "-o", "mine.txt")
    assert (ran.code, Path("mine.txt").read_text()) == (1, "mine")
    assert "is no earlier checkpoint" in ran.err
    assert run("-a", "calls", "checkpoint", "-o", "no/such/place.txt").code == 2


def test_a_copy_of_another_history_is_not_overwritten(run: Run, calls: Archive, kept: Path) -> None:
    """It is what shows that something was changed."""
    shutil.rmtree(calls.directory / "checkpoints")
    tamper(calls, "UPDATE ledger SET entry = replace(entry, '\"', '\" ') WHERE position = 1")
    before = kept.read_bytes()
    ran = run("-a", "calls", "checkpoint", "-o", kept)
    assert ran.code == 1
    assert "another history" in ran.err
    assert kept.read_bytes() == before


def test_a_new_key(run: Run, calls: Archive, kept: Path) -> None:
    """Is asked for, and is another; the old checkpoint holds."""
    ran = run("-a", "calls", "checkpoint", "--new-key")
    first, second = calls.verifier_keys()
    assert ran.err == f"Verifier key: {second}\n"
    assert run("-a", "calls", "checkpoint", "verify", kept).code == 0
    assert run("-a", "calls", "checkpoint", "verify", kept, "--key", first).code == 0
    assert run("-a", "calls", "checkpoint", "verify", kept, "--key", second).code == 7


def test_without_the_key(run: Run, calls: Archive, kept: Path) -> None:
    """Nothing is signed; where it should be is said, and how to go on without."""
    place = keys.usual_place(calls._connection())
    place.unlink()
    settings.put(calls.directory, "notes", "mine", "changed again")
    ran = run("-a", "calls", "checkpoint")
    assert (ran.code, ran.out) == (1, "")
    assert place.name in ran.err
    assert "--new-key" in ran.err
    assert run("-a", "calls", "checkpoint", "verify", kept).code == 0


def test_the_list(run: Run, calls: Archive, kept: Path) -> None:
    """The newest first; in every form that rows have."""
    ran = run("-a", "calls", "checkpoint", "list")
    head, *lines = ran.out.splitlines()
    newest_first = [each.path.stem for each in calls.checkpoints()[::-1] if each.path]
    assert head.split() == ["checkpoint", "entries", "as", "of", "signed", "stamp"]
    assert [line.split()[0] for line in lines] == newest_first
    assert all(line.rstrip().endswith("yes") for line in lines)
    assert run("-a", "calls", "checkpoint", "list", "--ids").out.split() == newest_first
    found = json.loads(run("-a", "calls", "checkpoint", "list", "-n", "1", "--json").out)
    assert found["schema"] == "convarchive.checkpoints/1"
    assert [each["id"] for each in found["checkpoints"]] == newest_first[:1]
    assert run("-a", "calls", "checkpoint", "list", "--csv").out.count("\r\n") >= 3


def test_an_empty_list(run: Run, calls: Archive) -> None:
    """Says how to sign."""
    ran = run("-a", "calls", "checkpoint", "list")
    assert (ran.code, ran.out) == (0, "")
    assert "convarchive checkpoint" in ran.err


def test_the_list_tells_what_is_wrong(run: Run, calls: Archive, kept: Path) -> None:
    """With a checkpoint that is none any more."""
    path = calls.checkpoints()[0].path
    assert path is not None
    path.write_bytes(b"\x1b[31mrubbish")
    ran = run("-a", "calls", "checkpoint", "list")
    assert "no: It has control characters" in ran.out
    found = json.loads(run("-a", "calls", "checkpoint", "list", "--json").out)["checkpoints"]
    assert [bool(each["error"]) for each in found] == [False, True]


def test_verify(run: Run, calls: Archive, kept: Path) -> None:
    """One clear line, and what has come since."""
    ran = run("-a", "calls", "checkpoint", "verify", kept)
    assert (ran.code, ran.err) == (0, "")
    assert "goes on from this checkpoint" in ran.out
    assert "1 entry since" in ran.out
    document = json.loads(run("-a", "calls", "checkpoint", "verify", kept, "--json").out)
    assert document["schema"] == "convarchive.checkpoint-verification/1"
    assert document["ok"] is True
    assert document["ledger_entries"] - document["size"] == 1
    assert document["stamp"] is None


def test_verify_after_something_was_altered(run: Run, calls: Archive, kept: Path) -> None:
    """Code 7, and what it means."""
    tamper(calls, "UPDATE ledger SET entry = replace(entry, '\"', '\" ') WHERE position = 1")
    ran = run("-a", "calls", "checkpoint", "verify", kept)
    assert (ran.code, ran.out) == (7, "")
    assert "another history" in ran.err
    assert "altered, taken away or put in" in ran.err


def test_verify_after_an_old_copy_was_put_back(run: Run, calls: Archive, kept: Path) -> None:
    """Code 7: the archive is older than what was signed."""
    tamper(calls, "DELETE FROM ledger WHERE position >= 3")
    ran = run("-a", "calls", "checkpoint", "verify", kept)
    assert (ran.code, ran.out) == (7, "")
    assert "older than the checkpoint" in ran.err


def test_verify_with_an_archive_of_before_its_key(run: Run, calls: Archive, kept: Path) -> None:
    """Code 7: it does not know who has signed; with the key that was written down it is older."""
    (vkey,) = calls.verifier_keys()
    tamper(calls, "DELETE FROM ledger WHERE position >= 2")
    ran = run("-a", "calls", "checkpoint", "verify", kept)
    assert (ran.code, ran.out) == (7, "")
    assert "No known key has signed" in ran.err
    ran = run("-a", "calls", "checkpoint", "verify", kept, "--key", vkey)
    assert (ran.code, "older than the checkpoint" in ran.err) == (7, True)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\xff\0", b"x" * 1_500_000])
def test_verify_rubbish(run: Run, calls: Archive, content: bytes) -> None:
    """Is wrong usage, in a sentence."""
    Path("rubbish").write_bytes(content)
    ran = run("-a", "calls", "checkpoint", "verify", "rubbish")
    assert (ran.code, ran.out) == (2, "")
    assert "This is no checkpoint." in ran.err


def test_verify_what_is_not_there(run: Run, calls: Archive, kept: Path) -> None:
    """Code 6 for a file that is missing, 2 for one that cannot be read."""
    assert run("-a", "calls", "checkpoint", "verify", "nowhere.txt").code == 6
    assert run("-a", "calls", "checkpoint", "verify", ".").code == 2
    assert run("-a", "calls", "checkpoint", "verify", kept, "--tsr", "nowhere.tsr").code == 6
    assert run("-a", "calls", "checkpoint", "verify", kept, "--key", "rubbish").code == 2
    assert run("-a", "nowhere", "checkpoint", "verify", kept).code == 6


def test_verify_another_archive_s_checkpoint(run: Run, calls: Archive, kept: Path) -> None:
    """Is wrong usage, unless the archive was exchanged; both are said."""
    assert run("init", "other").code == 0
    ran = run("-a", "other", "checkpoint", "verify", kept)
    assert ran.code == 2
    assert "of another archive" in ran.err
    assert "was exchanged" in ran.err


def test_consistency(run: Run, calls: Archive, kept: Path) -> None:
    """Hashes in base64, one a line, between checkpoints or sizes; none from one to itself."""
    old, new = calls.checkpoints()
    by_file = run("-a", "calls", "checkpoint", "consistency", kept)
    by_size = run("-a", "calls", "checkpoint", "consistency", str(old.size), str(new.size))
    assert by_file == by_size
    assert by_file.code == 0
    assert {len(line) for line in by_file.out.splitlines()} == {44}
    assert run("-a", "calls", "checkpoint", "consistency", kept, kept).out == ""
    assert run("-a", "calls", "checkpoint", "consistency", "5", "2").code == 2
    assert run("-a", "calls", "checkpoint", "consistency", "99999").code == 2
    assert run("-a", "calls", "checkpoint", "consistency", "nowhere").code == 6


def test_options_of_what_is_not_run(run: Run, calls: Archive) -> None:
    """An option before a subcommand is not passed over in silence."""
    assert run("-a", "calls", "checkpoint", "--new-key", "list").code == 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_time_stamp(run: Run, calls: Archive, tmp_path: Path) -> None:
    """Asked for, kept beside the checkpoint, and checked with it."""
    authority = Authority(tmp_path / "tsa")
    ran = run("-a", "calls", "checkpoint", "--tsa", authority.url, "-o", "kept.txt", "--json")
    authority.close()
    stamp = json.loads(ran.out)["stamp"]
    shutil.copy(stamp, "kept.tsr")
    ran = run("-a", "calls", "checkpoint", "verify", "kept.txt")
    assert (ran.code, ran.err) == (0, "")
    assert "was not checked: give --tsa-ca" in ran.out
    trusting = ("--tsa-ca", authority.ca)
    ran = run("-a", "calls", "checkpoint", "verify", "kept.txt", *trusting)
    assert "signed rightly" in ran.out
    ran = run("-a", "calls", "checkpoint", "verify", "kept.txt", "--tsr", stamp, *trusting,
              "--json")  # fmt: skip
    found = json.loads(ran.out)["stamp"]
    assert found["signature_checked"] is True
    assert found["at"].endswith("Z")
    ran = openssl("ts", "-verify", "-data", "kept.txt", "-in", "kept.tsr", "-CAfile", authority.ca)
    assert ran.returncode == 0
    settings.put(calls.directory, "notes", "mine", "changed")
    run("-a", "calls", "checkpoint", "-o", "later.txt")
    ran = run("-a", "calls", "checkpoint", "verify", "later.txt", "--tsr", stamp)
    assert (ran.code, ran.out) == (7, "")
    assert "not one of this checkpoint" in ran.err


def test_an_authority_that_is_not_there(run: Run, calls: Archive) -> None:
    """The checkpoint is signed all the same, and the code is 1."""
    ran = run("-a", "calls", "checkpoint", "--tsa", "http://127.0.0.1:1/")
    assert (ran.code, ran.out) == (1, "")
    assert "cannot be reached" in ran.err
    assert len(calls.checkpoints()) == 1


def test_the_status(run: Run, calls: Archive, kept: Path) -> None:
    """One line: the newest checkpoint, of when, and what has come since."""
    newest = calls.checkpoints()[-1]
    found = json.loads(run("-a", "calls", "status", "--json").out)
    assert found["ledger_entries"] == found["checkpoint_entries"] == newest.size
    assert (found["checkpoint"], found["checkpoint_error"]) == (newest.root.hex(), None)
    assert found["checkpoint_at"].endswith("Z")
    line = run("-a", "calls", "status").out.splitlines()[-1]
    assert line.split()[:2] == ["evidence", "checkpoint"]
    assert newest.root.hex()[:8] in line
    assert line.endswith("entries, signed")


def test_the_status_of_one_that_was_never_signed(run: Run, calls: Archive) -> None:
    """Is no trouble while nothing is in it."""
    found = json.loads(run("-a", "calls", "status", "--json").out)
    assert found["checkpoint"] is found["checkpoint_error"] is None
    assert "not signed yet" in run("-a", "calls", "status").out


def test_the_status_with_calls_that_are_not_signed(run: Run, copied: Archive) -> None:
    """Needs attention."""
    shutil.rmtree(copied.directory / "checkpoints")
    found = json.loads(run("-a", copied.directory, "status", "--json").out)
    assert found["healthy"] is False
    assert found["checkpoint_error"] == "Nothing is signed yet."
    assert "convarchive checkpoint" in run("-a", copied.directory, "status").out


@pytest.mark.parametrize("harm", ["rubbish", "altered", "cut off"])
def test_the_status_of_what_was_tampered_with(
    run: Run, calls: Archive, kept: Path, harm: str
) -> None:
    """Says that the evidence needs attention, and is no traceback."""
    newest = calls.checkpoints()[-1]
    assert newest.path is not None
    if harm == "rubbish":
        newest.path.write_bytes(b"\xff")
    elif harm == "altered":
        tamper(calls, "UPDATE ledger SET entry = replace(entry, '\"', '\" ') WHERE position = 1")
    else:
        tamper(calls, "DELETE FROM ledger WHERE position >= 3")
    ran = run("-a", "calls", "status", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["healthy"] is False
    assert "needs attention" in run("-a", "calls", "status").out
