"""The fields of the query language by kind, and help for names that are almost right.

=========================  ====================================  ==================================
kind                       fields                                value
=========================  ====================================  ==================================
`SCOPES`                   ``customer agent-said summary``       words, phrases, a group of them
`OPEN`                     ``id source agent caller outcome …``  a word, a quoted value, ``begin*``
`CLOSED`                   ``status sentiment has is``           one of a few
`DATES`                    ``since until on date``               a date or a period, see `dates`
`NUMBERS`                  ``duration turns``                    a number or a range of them
=========================  ====================================  ==================================
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

SCOPES: Final = {"customer": "customer", "agent-said": "agent", "summary": "summary"}
"""The field, and the ``scope`` of the `Within` that it makes."""

OPEN: Final = (
    "id",
    "source",
    "agent",
    "caller",
    "outcome",
    "intent",
    "topic",
    "keyword",
    "language",
    "platform",
)

CLOSED: Final = {
    "status": ("in_progress", "completed", "failed", "abandoned", "unknown"),
    "sentiment": ("positive", "neutral", "negative", "mixed"),
    "has": ("recording", "transcript", "summary"),
    "is": ("held", "deleted", "pending", "changed"),
}
"""The field and its values."""

DATES: Final = ("since", "until", "on", "date")

NUMBERS: Final = ("duration", "turns")

FIELDS: Final = (*SCOPES, *OPEN, *CLOSED, *DATES, *NUMBERS)
"""Every name that can stand before a colon."""

_SLIPS: Final = {
    "after": "since:",
    "before": "until:",
    "newer": "since:",
    "older": "until:",
    "started": "date:",
    "from": "caller: for who called, since: for when",
    "to": "agent: for who answered, until: for when",
    "speaker": "customer: or agent-said: for who spoke",
    "said": "customer: or agent-said: for who spoke",
    "user": "customer: for what the customer said, caller: for the number",
    "phone": "caller:",
    "number": "caller:",
    "length": "duration:",
    "lang": "language:",
    "tag": "topic: or keyword:",
}
"""Names that other programs have for the same thing."""


def advice(name: str) -> str:
    """Which field could have been meant by a name that is none; empty where none comes near."""
    if meant := _SLIPS.get(name.lower()):
        return f"Use {meant}."
    near = nearest(name, FIELDS)
    return f"Did you mean {near}:?" if near else ""


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that looks most like the word, if any does."""
    import difflib

    found = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return found[0] if found else None
