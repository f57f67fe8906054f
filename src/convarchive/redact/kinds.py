"""The kinds of things that can be hidden, and how they are asked for.

============  =======================================================================  ==========
kind          what                                                                     module
============  =======================================================================  ==========
``card``      payment card numbers                                                     `card`
``cvv``       the code on the back of a card                                           `cvv`
``phone``     telephone numbers, the caller's included                                 `phone`
``email``     e-mail addresses                                                         `email`
``ssn``       United States social security numbers                                    `ssn`
``iban``      international bank account numbers                                       `iban`
``name:F``    names and words, a line each in file F                                   `names`
``pattern:F`` regular expressions, each with its name, in file F                       `patterns`
============  =======================================================================  ==========
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from convarchive.errors import UsageError
from convarchive.redact import card, cvv, email, iban, phone, ssn
from convarchive.redact.names import Names
from convarchive.redact.patterns import Patterns, read
from convarchive.redact.script import Find, Script

Finder = Callable[[Script], Iterable[Find]]

FINDERS: Final[dict[str, Finder]] = {
    each.KIND: each.find for each in (card, iban, ssn, cvv, email, phone)
}
"""The kinds that need no file. Where several find the same, the first has it."""

WITH_FILE: Final = ("name", "pattern")


class Kinds(NamedTuple):
    """What is to be hidden."""

    asked: tuple[str, ...]
    """As they were asked for, without the directories of files."""
    built_in: tuple[Finder, ...]
    """Those that need no file."""
    own: tuple[Finder, ...]
    """Those of the user's files."""

    @property
    def phones(self) -> bool:
        """Whether telephone numbers are among them."""
        return phone.KIND in self.asked


def kinds(asked: Sequence[str]) -> Kinds:
    """The kinds of a list: ``["card", "name:staff.txt"]``; each once, in an order of their own.

    Raises:
        UsageError: There is no such kind, or its file cannot be read.
    """
    wanted = list(dict.fromkeys(each.strip() for each in asked if each.strip()))
    if not wanted:
        raise UsageError("Nothing is named that should be hidden.", "", f"There are {_all()}.")
    for each in wanted:
        _check(each)
    plain = [name for name in FINDERS if name in wanted]
    files = [each for each in wanted if each not in FINDERS]
    return Kinds(
        (*plain, *(_named(each) for each in files)),
        tuple(FINDERS[name] for name in plain),
        tuple(_from_file(each) for each in files),
    )


def _check(asked: str) -> None:
    kind, colon, path = asked.partition(":")
    if kind in WITH_FILE and not path:
        raise UsageError(f"{kind} needs a file.", "", f"Write {kind}:FILE.")
    if (kind in FINDERS and not colon) or kind in WITH_FILE:
        return
    from convarchive.query.names import nearest

    near = nearest(kind, (*FINDERS, *WITH_FILE))
    raise UsageError(
        f"There is no kind {asked!r} to be hidden.", "",
        f"Did you mean {near}?" if near else f"There are {_all()}.",
    )  # fmt: skip


def _all() -> str:
    return ", ".join((*FINDERS, *(f"{kind}:FILE" for kind in WITH_FILE)))


def _named(asked: str) -> str:
    kind, _, path = asked.partition(":")
    return f"{kind}:{Path(path).name}"


def _from_file(asked: str) -> Finder:
    kind, _, path = asked.partition(":")
    if kind == "pattern":
        return Patterns(read(Path(path)), path).find
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The names in {path} cannot be read.", f"{error}.") from error
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not names:
        raise UsageError(f"There is no name in {path}.")
    return Names(names).find
