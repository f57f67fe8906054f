"""The query language: from what people type to a tree, and back.

``parse`` makes the tree, ``to_text`` prints it. The tree knows no search engine; whoever has one
compiles the tree for it. Nothing is guessed, dropped or widened: what cannot be understood is a
`QueryError` that points at the place.

=============================================  ====================================================
``refund invoice``                             both, in any turn
``"charged twice"`` ``"charged twice"~3``      a phrase, with up to 3 words between
``a OR b`` ``a AND b`` ``-a`` ``( )``       NOT binds tightest, then AND, then OR
``refund*`` ``refnd~`` ``refnd~2``             beginnings, words within 1 or 2 edits
``customer:refund`` ``agent-said:(a b)``       who said it; ``summary:`` for the summary
``status:failed`` ``caller:+1555*``            the values of `FIELDS`
``since:2026-01`` ``date:2026-01..2026-03``    when it started
``duration:>5m`` ``turns:5..10``               how long it was
``has:recording`` ``is:held``                  what there is of it
``*`` or nothing                               everything
=============================================  ====================================================

Text becomes tokens in `lexer`, with phone numbers found by `phones`; `parser` gives them structure;
`words` and `fields` know what a single word or value means, with `dates` and `numbers`; `printer`
goes the other way.

A search is a fresh process, so what most queries don't need is loaded when it is needed, and
patterns stand as text: `re` compiles them when they are first used, and keeps them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convarchive.query.names import FIELDS
from convarchive.query.parser import parse
from convarchive.query.tree import (
    All,
    And,
    Flag,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Started,
    Term,
    Within,
    Word,
)

if TYPE_CHECKING:
    from convarchive.query.dates import parse_instant, parse_period
    from convarchive.query.printer import to_text

__all__ = [
    "FIELDS",
    "All",
    "And",
    "Flag",
    "Fuzzy",
    "Node",
    "Not",
    "Or",
    "Phrase",
    "Prefix",
    "Range",
    "Started",
    "Term",
    "Within",
    "Word",
    "parse",
    "parse_instant",
    "parse_period",
    "to_text",
]


def __getattr__(name: str) -> object:
    if name in ("parse_instant", "parse_period"):
        from convarchive.query import dates

        return getattr(dates, name)
    if name == "to_text":
        from convarchive.query.printer import to_text

        return to_text
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
