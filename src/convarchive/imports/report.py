"""What an import has done, counted: for people on the screen, and for scripts as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convarchive.errors import SomeFailed


@dataclass
class ImportReport:
    """One import. Counts of conversations, but where the name says otherwise."""

    files: int = 0
    read: int = 0
    new: int = 0
    changed: int = 0
    """Stored as one more state of what was there."""
    unchanged: int = 0
    kept: int = 0
    """Not taken in, since what is stored comes first, and says something else."""
    problems: int = 0
    """Files, and parts of files, that could not be taken in."""
    recordings: int = 0
    """Sound that was stored."""
    interrupted: bool = False
    """The user wanted to stop before the end."""
    left_undone: SomeFailed | None = None
    """What should have followed, such as new matches joining a legal hold, and could not."""

    @property
    def complete(self) -> bool:
        """Everything that the files have is in the archive now."""
        return not (self.kept or self.problems or self.interrupted)

    def to_json(self) -> dict[str, Any]:
        """The document ``convarchive.import/1``."""
        counts = dict(vars(self))
        del counts["interrupted"], counts["left_undone"]
        undone = {} if self.left_undone is None else {"error": str(self.left_undone)}
        return {
            "schema": "convarchive.import/1", "complete": self.complete, **counts, **undone
        }  # fmt: skip
