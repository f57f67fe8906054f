"""What becomes of changes that were not flushed when the power went.

A disk keeps of them what it likes. Four of these fates are the ends of what can happen, and each
breaks what another one spares; the others are by chance.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple


class Change(NamedTuple):
    """Of a name in a directory, or of two, where something is renamed."""

    number: int
    removes: bool


class Luck(NamedTuple):
    """What happens to survive."""

    name: str
    keeps: Callable[[Change], bool]
    sectors: Callable[[], Callable[[], bool]]
    """Asked for each write; the answer is asked for each of its sectors."""


def _never() -> bool:
    return False


def _always() -> bool:
    return True


NOTHING = Luck("nothing", lambda _: False, lambda: _never)
EVERYTHING = Luck("everything", lambda _: True, lambda: _always)
NAMES = Luck("names without content", lambda _: True, lambda: _never)
REMOVALS = Luck("removals alone", lambda change: change.removes, lambda: _never)


def chance(seed: str) -> Luck:
    """By dice, of which the same seed makes the same."""
    dice = random.Random(seed)
    kept: dict[Change, bool] = {}

    def keeps(change: Change) -> bool:
        # Asked for both names of what was renamed, and it is renamed or it is not.
        if change not in kept:
            kept[change] = dice.random() < 0.5
        return kept[change]

    def sectors() -> Callable[[], bool]:
        return dice.choice([_never, _always, lambda: dice.random() < 0.5])

    return Luck(f"chance {seed}", keeps, sectors)


def fates(seed: int) -> list[Luck]:
    """The ends, and one by chance."""
    return [NOTHING, EVERYTHING, NAMES, REMOVALS, chance(f"{seed}")]
