"""Hiding what must not be handed over: card numbers, phone numbers, names and the like.

::

    with Redaction(selection, kinds(["card", "cvv", "name:staff.txt"])) as redaction:
        export(redaction.selection, "jsonl", path)
    redaction.document()                        # what was hidden where, without what it was

A kind is a module that finds spans in a `Script`, which is a conversation seen as a whole: people
dictate numbers over several turns, in words, while the other side says *mm-hm* and reads back. The
`Redactor` runs the kinds that are asked for, and remembers what it finds. `Redaction` applies it to
everything that an export is made of: turns, every text anywhere, the vendor's JSON, ids and with
them file names, the query; and it decides on the recordings.

It finds most of it, never all; see ``docs/redaction.md`` for what, measured, and what not.
"""

from __future__ import annotations

from convarchive.redact.kinds import FINDERS, Kinds, kinds
from convarchive.redact.redactor import Redactor
from convarchive.redact.selection import Redaction

__all__ = ["FINDERS", "Kinds", "Redaction", "Redactor", "kinds"]
