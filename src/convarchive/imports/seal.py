"""Whether an export of ours is whole: what its closing line promises against what came.

`export.jsonl` writes a manifest, the conversations, and a line with their count and the SHA-256 of
all bytes before it. Several such files can stand behind each other in one.
"""

from __future__ import annotations

import hashlib
from typing import Any

_HINT = "Compare it with where it came from, or export it again."


class Seal:
    """Follows an export, line by line."""

    def __init__(self) -> None:
        self._ours = False
        self._begin()

    def take(self, value: Any, line: bytes) -> str | None:
        """What is wrong, if this line shows it.

        Args:
            value: Of the line; None where it has none.
            line: Its bytes, the line break included.
        """
        record = value.get("record") if isinstance(value, dict) else None
        complaint = None
        if record == "complete":
            complaint = self._compared(value)
            self._begin()
            return complaint
        if record == "manifest":
            complaint = self.end()
            self._begin()
        self._digest.update(line)
        self._ours = self._ours or record in ("manifest", "conversation")
        self._count += record == "conversation"
        return complaint

    def end(self) -> str | None:
        """What is wrong when there is nothing more."""
        if not self._ours:
            return None
        return f"It has no closing line: it was cut off, or is a part of an export. {_HINT}"

    def _compared(self, closing: dict[str, Any]) -> str | None:
        promised = closing.get("count")
        if promised != self._count:
            what = f"Its closing line says {promised} conversations, and there are {self._count}."
        elif closing.get("sha256") != self._digest.hexdigest():
            what = (
                "It was changed since it was exported: its SHA-256 is not the one that it ends in."
            )
        else:
            return None
        return f"{what} {_HINT}"

    def _begin(self) -> None:
        self._digest = hashlib.sha256()
        self._count = 0
        self._ours = False
