"""``proof``: what shows anybody that a conversation is what was stored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive

Run = Callable[..., Any]

NAME = "conv_jmy67pjzlerj"


def test_for_the_eye(find: Run, synced: Archive) -> None:
    """A line an entry of the ledger, with what it commits to, and the key."""
    ran = find("proof", NAME)
    assert ran.code == 0
    head, what, document, *_ = ran.out.splitlines()
    assert head.startswith("entry ")
    assert head.endswith("  revision")
    assert what == f"  ayra/{NAME}, revision 1"
    assert document.startswith("  detail  ")
    assert synced.verifier_keys()[-1] in ran.err


def test_as_json(find: Run, synced: Archive) -> None:
    """The very document that -o writes."""
    shown = find("proof", NAME, "--json")
    proof = json.loads(shown.out)
    assert proof["schema"] == "convarchive.proof/1"
    assert proof["verifier_key"] == synced.verifier_keys()[-1]
    assert proof["proofs"][0]["content"]["id"] == NAME
    written = find("proof", NAME, "-o", "p.proof.json")
    assert (written.code, written.out) == (0, "")
    assert Path("p.proof.json").read_bytes() == shown.out.encode()
    assert find("proof", NAME, "-o", "-").out == shown.out


def test_the_checker(find: Run) -> None:
    """Is the program that is in the package."""
    from convarchive import verify_proof

    source = Path(verify_proof.__file__).read_text(encoding="utf-8")
    assert find("proof", "--checker").out == source
    assert find("proof", "--checker", "-o", "check.py").code == 0
    assert Path("check.py").read_text(encoding="utf-8") == source


def test_the_checker_needs_no_archive(run: Run) -> None:
    """Who receives a proof has none."""
    assert run("proof", "--checker").code == 0


def test_with_documents(find: Run) -> None:
    """A directory with all that a stranger needs."""
    ran = find("proof", NAME, "--with-documents", "handed")
    assert (ran.code, ran.out) == (0, "")
    names = {path.name for path in Path("handed").iterdir()}
    assert {f"{NAME}.detail.json", f"{NAME}.proof.json", "verify_proof.py"} <= names


def test_nothing_is_overwritten(find: Run) -> None:
    """But with --force."""
    Path("p.json").write_text("mine", encoding="utf-8")
    Path("handed").mkdir()
    Path("handed", "mine").touch()
    assert find("proof", NAME, "-o", "p.json").code == 1
    assert find("proof", NAME, "--with-documents", "handed").code == 1
    assert Path("p.json").read_text(encoding="utf-8") == "mine"
    assert find("proof", NAME, "-o", "p.json", "--force").code == 0
    assert [path.name for path in Path("handed").iterdir()] == ["mine"]


@pytest.mark.parametrize("revision", ["1", "all"])
def test_which_states(find: Run, revision: str) -> None:
    """One of them, or all."""
    proof = json.loads(find("proof", NAME, "--revision", revision, "--json").out)
    assert proof["proofs"][0]["content"]["revision"] == 1


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        ((), 2, "Name what is to be proved"),
        ((NAME, "--checker"), 2, "Name what is to be proved"),
        ((NAME, "--tombstone", "1"), 2, "Name what is to be proved"),
        (("--tombstone", "1", "--revision", "1"), 2, "go with an ID"),
        (("--checker", "--with-documents", "x"), 2, "go with an ID"),
        ((NAME, "--revision", "0x1"), 2, "There is no revision"),
        ((NAME, "--revision", "-1"), 2, "There is no revision"),
        ((NAME, "--revision", "9" * 40), 2, "There is no revision"),
        ((NAME, "--revision", "1", "--with-documents", "x"), 2, "takes the newest state"),
        ((NAME, "--revision", "7"), 6, "There is no revision 7"),
        (("nobody",), 6, "There is no conversation"),
        (("--tombstone", "1"), 6, "was erased"),
        (("--tombstone", "x"), 2, "x"),
        (("--tombstone", "-1"), 2, "-1"),
        (("--tombstone", "9" * 20), 2, "999"),
        ((NAME, "-o", "missing/p.json"), 2, "Create it first"),
    ],
)
def test_what_is_refused(find: Run, args: tuple[str, ...], code: int, told: str) -> None:
    """In plain words, and nothing is written."""
    ran = find("proof", *args)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert list(Path().iterdir()) == []


def test_what_is_not_signed_yet(run: Run, copied: Archive) -> None:
    """It is said how to sign it."""
    shutil.rmtree(copied.directory / "checkpoints")
    ran = run("-a", copied.directory, "proof", NAME)
    assert (ran.code, ran.out) == (1, "")
    assert "convarchive checkpoint" in ran.err


def test_what_was_erased(run: Run, copied: Archive) -> None:
    """By its name it is said how to prove that it was here; that shows when it went."""
    erased = run("-a", copied.directory, "erase", NAME, "--reason", "Request 17", "--yes")
    assert erased.code == 0
    copied.checkpoint()
    ran = run("-a", copied.directory, "proof", NAME)
    assert ran.code == 6
    hint = ran.err.splitlines()[-1].split()
    shown = run("-a", copied.directory, *hint[1:])
    assert shown.code == 0
    assert "  of what was destroyed; the commitment is " in shown.out
    assert "  a conversation of ayra; the keyed hash of its name is" in shown.out
    assert NAME not in shown.out
