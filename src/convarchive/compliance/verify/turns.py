"""The turns of some conversations as the table has them, against what they should be.

Most rows of an archive are turns, and nearly always all are as they should be. So they are compared
at once: where as many rows belong to each conversation as should, and the rows of all of them one
after the other are what they should be, then those of each are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from convarchive.model import Turn


class Turns:
    """Those that the table has.

    Args:
        connection: To the archive's database, within a transaction.
        keys: Of the conversations, as SQL: ``IN (1,2,3)``.
    """

    def __init__(self, connection: sqlite3.Connection, keys: str) -> None:
        self._many: dict[int, int] = dict(
            connection.execute(
                f"SELECT conversation, count(*) FROM turns WHERE conversation {keys} GROUP BY 1"
            ).fetchall()
        )
        self._rows: list[tuple[Any, ...]] = connection.execute(
            'SELECT position, speaker, role, text, start, "end", confidence FROM turns'
            f" WHERE conversation {keys} ORDER BY conversation, position"
        ).fetchall()

    def different(self, told: Mapping[int, Sequence[Turn]]) -> dict[int, int]:
        """By conversation, how many turns are not as they should be; the others are left out.

        Args:
            told: By conversation what they should be.
        """
        many = {key: len(turns) for key, turns in told.items() if turns}
        ordered = chain.from_iterable(told[key] for key in sorted(many))
        if self._many == many and self._rows == list(ordered):
            return {}
        rows = self._by_conversation()
        differ = {key: _differ(turns, rows.get(key, [])) for key, turns in told.items()}
        return {key: many for key, many in differ.items() if many}

    def _by_conversation(self) -> dict[int, list[tuple[Any, ...]]]:
        found, at = {}, 0
        for key in sorted(self._many):
            found[key] = self._rows[at : at + self._many[key]]
            at += self._many[key]
        return found


def _differ(told: Sequence[Turn], rows: Sequence[tuple[Any, ...]]) -> int:
    differ = sum(one != other for one, other in zip(told, rows, strict=False))
    return differ + abs(len(told) - len(rows))
