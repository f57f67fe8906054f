"""The query as a tree: what was asked, free of how it was written and of any search engine.

Text nodes (`Word`, `Phrase`, `Prefix`, `Fuzzy`) hold the text as it was typed; taking it apart into
words is the engine's business, because it has to do the same to the transcripts. Filter nodes hold
values that are already checked and converted: an instant, a number, a member of a closed set.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias, dataclass_transform


@dataclass_transform(frozen_default=True)
class _Node:
    """A node is its kind and its values, so ``Word("a")`` is not ``Prefix("a")``.

    Type checkers see a frozen dataclass. It is none, because each of those takes longer to define
    than a query to parse, and a search defines them anew.
    """

    __match_args__: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        names = tuple(vars(cls).get("__annotations__", ()))
        cls.__match_args__ = names  # type: ignore[misc]  # it is the checker's own

    def __init__(self, *values: object, **named: object) -> None:
        vars(self).update(zip(self.__match_args__, values, strict=False), **named)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        values = (f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({', '.join(values)})"

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)


class All(_Node):
    """Every conversation."""


class Word(_Node):
    """A word in any form; something like ``don't`` or an e-mail address counts as one."""

    text: str


class Phrase(_Node):
    """Words that stand together, in this order, within one turn."""

    text: str
    slop: int = 0
    """How many other words may stand between."""


class Prefix(_Node):
    """Words that begin so."""

    text: str


class Fuzzy(_Node):
    """Words within so many edits: a letter added, dropped, changed, or two swapped."""

    text: str
    distance: int = 1
    """1 or 2."""


class Within(_Node):
    """Only what is said by one side, or only the summary."""

    scope: str
    """``customer``, ``agent`` or ``summary``."""
    child: Node


class Term(_Node):
    """A field that has exactly this value, case aside."""

    field: str
    """The name of the field as in the query language: ``agent``, ``caller``, ``status`` …"""
    value: str
    prefix: bool = False
    """True where the value may go on: ``caller:+1555*``."""


class Range(_Node):
    """A number between two others."""

    field: str
    """``duration`` (in seconds) or ``turns``."""
    low: float | None
    high: float | None
    open_low: bool = False
    """True where ``low`` itself does not count."""
    open_high: bool = False


class Started(_Node):
    """A start within a period, both ends in UTC."""

    since: datetime | None
    """Inclusive."""
    until: datetime | None
    """Exclusive."""


class Flag(_Node):
    """``has:recording``, ``is:deleted`` and the like."""

    field: str
    """``has`` or ``is``."""
    value: str


class Not(_Node):
    """What the child does not find."""

    child: Node


class And(_Node):
    """What every child finds. Two children or more, none of them an `And`."""

    children: tuple[Node, ...]


class Or(_Node):
    """What any child finds. Two children or more, none of them an `Or`."""

    children: tuple[Node, ...]


Node: TypeAlias = (
    "All | Word | Phrase | Prefix | Fuzzy | Within | Term | Range | Started | Flag | Not | And | Or"
)
