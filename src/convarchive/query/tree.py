"""The query as a tree: what was asked, free of how it was written and of any search engine.

Text nodes (`Word`, `Phrase`, `Prefix`, `Fuzzy`) hold the text as it was typed; taking it apart into
words is the engine's business, because it has to do the same to the transcripts. Filter nodes hold
values that are already checked and converted: an instant, a number, a member of a closed set.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TypeAlias


class All(NamedTuple):
    """Every conversation."""


class Word(NamedTuple):
    """A word in any form; something like ``don't`` or an e-mail address counts as one."""

    text: str


class Phrase(NamedTuple):
    """Words that stand together, in this order, within one turn."""

    text: str
    slop: int = 0
    """How many other words may stand between."""


class Prefix(NamedTuple):
    """Words that begin so."""

    text: str


class Fuzzy(NamedTuple):
    """Words within so many edits: a letter added, dropped, changed, or two swapped."""

    text: str
    distance: int = 1
    """1 or 2."""


class Within(NamedTuple):
    """Only what is said by one side, or only the summary."""

    scope: str
    """``customer``, ``agent`` or ``summary``."""
    child: Node


class Term(NamedTuple):
    """A field that has exactly this value, case aside."""

    field: str
    """The name of the field as in the query language: ``agent``, ``caller``, ``status`` …"""
    value: str
    prefix: bool = False
    """True where the value may go on: ``caller:+1555*``."""


class Range(NamedTuple):
    """A number between two others."""

    field: str
    """``duration`` (in seconds) or ``turns``."""
    low: float | None
    high: float | None
    open_low: bool = False
    """True where ``low`` itself does not count."""
    open_high: bool = False


class Started(NamedTuple):
    """A start within a period, both ends in UTC."""

    since: datetime | None
    """Inclusive."""
    until: datetime | None
    """Exclusive."""


class Flag(NamedTuple):
    """``has:recording``, ``is:deleted`` and the like."""

    field: str
    """``has`` or ``is``."""
    value: str


class Not(NamedTuple):
    """What the child does not find."""

    child: Node


class And(NamedTuple):
    """What every child finds. Two children or more, none of them an `And`."""

    children: tuple[Node, ...]


class Or(NamedTuple):
    """What any child finds. Two children or more, none of them an `Or`."""

    children: tuple[Node, ...]


Node: TypeAlias = (
    "All | Word | Phrase | Prefix | Fuzzy | Within | Term | Range | Started | Flag | Not | And | Or"
)
