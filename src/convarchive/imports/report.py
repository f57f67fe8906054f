"""What an import has done, counted: for people on the screen, and for scripts as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convarchive.errors import ConvarchiveError


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
    erased: int = 0
    """Left out, since they were erased here."""
    problems: int = 0
    """Files, and parts of files, that could not be taken in."""
    recordings: int = 0
    """Sound that was stored."""
    interrupted: bool = False
    """The user wanted to stop before the end."""
    unkept: ConvarchiveError | None = None
    """What of the evidence could not be kept; what was taken in is stored all the same."""

    @property
    def complete(self) -> bool:
        """Everything that the files have is in the archive now."""
        return not (self.kept or self.problems or self.interrupted)

    def to_json(self) -> dict[str, Any]:
        """The document ``convarchive.import/1``."""
        hidden = ("interrupted", "unkept")
        counts = {name: value for name, value in vars(self).items() if name not in hidden}
        return {
            "schema": "convarchive.import/1",
            "complete": self.complete,
            **counts,
            "evidence_error": None if self.unkept is None else str(self.unkept),
        }
