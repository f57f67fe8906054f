"""Checkpoints: what they say of the ledger, and whether their signatures hold.

Which keys sign is in the ledger. Who has the disk can put another key there, and sign what they
like; that is seen by a checkpoint that was kept elsewhere, since its key is then unknown, and its
root another.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from convarchive.compliance import checkpoints, notes, stamps
from convarchive.compliance.checkpoints import Checkpoint
from convarchive.compliance.verify.chain import Chain, Claim
from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.rows import printable
from convarchive.errors import DamageFound, Unreadable


def given(path: Path) -> Checkpoint:
    """A checkpoint that was kept elsewhere.

    Raises:
        Unreadable: It is none.
    """
    try:
        return checkpoints.parse(path.read_bytes(), path)
    except OSError as error:
        raise Unreadable(f"{path} can't be read.", f"{error.strerror}.") from error
    except notes.NoteError as error:
        raise Unreadable(f"{path} is no checkpoint.", str(error)) from error


def all_of(directory: Path, given: Checkpoint | None) -> list[Checkpoint]:
    """The checkpoints of an archive, and the one that was kept elsewhere."""
    return [*checkpoints.all_of(directory), *([given] if given else [])]


def claims(directory: Path, found: Sequence[Checkpoint]) -> list[Claim]:
    """What they say, whoever has signed it."""
    return [
        Claim(_where(each.path, directory), each.size, each.root) for each in found if each.root
    ]


def check(directory: Path, found: Sequence[Checkpoint], chain: Chain, report: Report) -> None:
    """Name those that can't be read, whose signature does not hold, or that are of another archive.

    Args:
        directory: The archive's.
        found: The checkpoints.
        chain: The ledger.
        report: Where they are named.
    """
    origin = f"convarchive/{chain.first.get('id')}"
    if not found:
        report.note("There is no checkpoint to compare with: the ledger vouches for itself alone.")
    for each in found:
        checkpoint = checkpoints.checked(each, chain.keys)
        where = _where(checkpoint.path, directory)
        if checkpoint.error:
            report.add("checkpoint", where, checkpoint.error)
        elif checkpoint.origin != origin:
            what = f"It is of {printable(checkpoint.origin)}, and this archive is {origin}."
            report.add("checkpoint", where, what)
        _stamp(checkpoint, directory, report)
    path = directory / checkpoints.DIRECTORY / checkpoints.VERIFIER_KEY
    newest = chain.keys[-1] if chain.keys else ""
    try:
        whole = not path.exists() or path.read_bytes() == f"{newest}\n".encode()
    except OSError:
        whole = False
    if not whole:
        what = "It is not the key that the ledger names as the newest."
        report.add("checkpoint", _where(path, directory), what)
    report.checked["checkpoints"] = len(found)


def _stamp(checkpoint: Checkpoint, directory: Path, report: Report) -> None:
    """See whether the time stamp beside a checkpoint is one of it.

    Whose stamp it is, is not looked at: that takes the certificates that the user trusts.
    """
    if checkpoint.path is None:
        return
    place = stamps.place_of(checkpoint.path)
    if not place.exists():
        return
    report.checked["time_stamps"] += 1
    try:
        stamps.check(place.read_bytes(), checkpoint.text)
    except DamageFound as error:
        report.add("checkpoint", _where(place, directory), f"{error.what} {error.why}")
    except OSError as error:
        report.add("checkpoint", _where(place, directory), f"It can't be read: {error.strerror}.")


def _where(path: Path | None, directory: Path) -> str:
    if path is None:
        return "checkpoint"
    inside = path.is_relative_to(directory)
    return path.relative_to(directory).as_posix() if inside else str(path)
