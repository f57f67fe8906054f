"""What was hidden where: source, id, place, kind and count; never what it was.

::

    {"schema": "convarchive.redaction/1", "kinds": ["card", "phone"], "query": "…", "archive": "…",
     "count": 126, "conversations_with_findings": 1, "hidden": {"card": 3, "phone": 1},
     "conversations": [
       {"source": "ayra", "id": "conv_8f2kq1", "id_replaced": false,
        "turns": [{"position": 3, "kinds": {"card": 2}}],
        "fields": {"summary": {"card": 1}, "caller_number": {"phone": 1}},
        "documents": {}, "left_out": {"recording": "it was not asked for"}}]}

There is an entry for each conversation in which something was hidden, or from which something was
left out. Neither digits nor hashes of what was hidden are in it: the hash of a card or phone number
is found by trying all of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

SCHEMA: Final = "convarchive.redaction/1"


Counts = Mapping[str, int]
"""How many of each kind."""


class Entry(NamedTuple):
    """What is hidden in a conversation."""

    source: str
    id: str
    """As it is handed over."""
    id_replaced: bool
    turns: Mapping[int, Counts]
    """By position."""
    fields: Mapping[str, Counts]
    """By the names of fields."""
    left_out: Mapping[str, str]
    """What is not handed over, and why."""


class Documents(NamedTuple):
    """What is hidden in the vendor's documents of a conversation, by their names."""

    hidden: Mapping[str, Counts]
    left_out: Mapping[str, str]


class Report:
    """Collects what is hidden while conversations pass. They may pass more than once."""

    def __init__(self) -> None:
        # As JSON these take a tenth of the memory.
        self._entries: dict[int, bytes] = {}
        self._documents: dict[int, bytes] = {}

    def conversation(self, key: int, entry: Entry) -> None:
        """Keep what is hidden in the conversation of this key."""
        turns = [{"position": at, "kinds": kinds} for at, kinds in entry.turns.items()]
        self._entries[key] = json.dumps({**entry._asdict(), "turns": turns}).encode()

    def documents(self, key: int, found: Documents) -> None:
        """Keep what is hidden in its documents."""
        if found.hidden or found.left_out:
            self._documents[key] = json.dumps(found).encode()

    def entries(self) -> Iterator[dict[str, Any]]:
        """What is told of each conversation of which there is something to tell, in their order."""
        for key, encoded in self._entries.items():
            entry = json.loads(encoded)
            hidden, left_out = json.loads(self._documents.get(key, b"[{}, {}]"))
            entry["documents"] = hidden
            entry["left_out"] = entry.pop("left_out") | left_out
            if entry["id_replaced"] or any(entry[name] for name in _TELLING):
                yield entry

    def totals(self) -> Totals:
        """All of it counted."""
        hidden: Counter[str] = Counter()
        left_out: Counter[str] = Counter()
        conversations = 0
        for entry in self.entries():
            found = [turn["kinds"] for turn in entry["turns"]]
            found += [*entry["fields"].values(), *entry["documents"].values()]
            for kinds in found:
                hidden.update(kinds)
            conversations += bool(found) or entry["id_replaced"]
            left_out.update(
                "recording" if name == "recording" else "document" for name in entry["left_out"]
            )
        return Totals(conversations, dict(sorted(hidden.items())), dict(sorted(left_out.items())))


_TELLING: Final = ("turns", "fields", "documents", "left_out")


class Totals(NamedTuple):
    """What a redaction came to."""

    conversations: int
    """In how many something was hidden."""
    hidden: dict[str, int]
    """How many of each kind."""
    left_out: dict[str, int]
    """How many recordings and documents."""
