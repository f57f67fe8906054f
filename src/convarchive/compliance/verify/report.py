"""What a verification has looked at, and what it has found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from convarchive.compliance.verify.damage import Damage, damage


class Tree(NamedTuple):
    """The ledger as it was found."""

    size: int
    root: str
    """In hexadecimal digits."""
    checkpoints: int
    """So many agree with it."""


class Report:
    """What is known so far; complete when `verify` has returned.

    Args:
        tell: Told of each damage as it is found.
    """

    def __init__(self, tell: Callable[[Damage], None] | None = None) -> None:
        self.damage: list[Damage] = []
        self.notes: list[str] = []
        self.checked: Counter[str] = Counter()
        """How many of what: ``ledger_entries``, ``conversations``, ``bytes`` and so on."""
        self.ledger = Tree(0, "", 0)
        self.complete = True
        """Whether everything that was asked for has been looked at."""
        self.stopped = False
        """Whether the user has ended it."""
        self.left = 0
        """Conversations that were not looked at."""
        self.seconds = 0.0
        self._tell = tell or (lambda _: None)

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged, as far as was looked."""
        return not self.damage

    def add(self, kind: str, where: str, what: str) -> None:
        """Something is not as it was stored."""
        self.take([damage(kind, where, what)])

    def take(self, found: Iterable[Damage]) -> None:
        """The same, found elsewhere."""
        for each in found:
            self.damage.append(each)
            self._tell(each)

    def note(self, text: str) -> None:
        """Something that is no damage and should be known."""
        self.notes.append(text)

    def to_json(self) -> dict[str, Any]:
        """The document ``convarchive.verify/1``."""
        return {
            "schema": "convarchive.verify/1",
            "ok": self.ok,
            "complete": self.complete,
            "left": self.left,
            "checked": dict(self.checked),
            "damage": [each._asdict() for each in self.damage],
            "notes": self.notes,
            "ledger": self.ledger._asdict(),
            "seconds": round(self.seconds, 3),
        }
