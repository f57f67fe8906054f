"""What a sync has done, counted: for people on the screen, and for scripts as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from convarchive.errors import ConvarchiveError, Interrupted


@dataclass
class SourceReport:
    """One source. Counts of conversations, but where the name says otherwise."""

    source: str
    listed: int = 0
    fetched: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted_at_source: int = 0
    """Found to be deleted by this sync."""
    erased: int = 0
    """Listed by the vendor, and left out, since they were erased here."""
    pending: int = 0
    """Not finished at the vendor, and looked at again later."""
    problems: int = 0
    """Could not be had, now or earlier, and still can't."""
    recordings: int = 0
    bytes: int = 0
    """Of payloads and recordings, as they came."""
    requests: int = 0
    """To the API, retries included; recordings are not the API's."""
    rate_limited: int = 0
    """Answers that said so."""
    waited_seconds: float = 0.0
    complete: bool = False
    """Everything that the vendor lists in the stretch asked for is stored."""
    error: ConvarchiveError | None = None
    """Why this source was stopped."""


@dataclass
class SyncReport:
    """Every source that was asked for."""

    sources: list[SourceReport] = field(default_factory=list)
    seconds: float = 0.0
    unkept: ConvarchiveError | None = None
    """What of the evidence could not be kept; what was fetched is stored all the same."""

    @property
    def interrupted(self) -> bool:
        """The user wanted to stop before the end."""
        return any(isinstance(report.error, Interrupted) for report in self.sources)

    @property
    def complete(self) -> bool:
        """Whether all of them are."""
        return all(report.complete for report in self.sources)

    def to_json(self) -> dict[str, Any]:
        """The document ``convarchive.sync/1``."""
        return {
            "schema": "convarchive.sync/1",
            "complete": self.complete,
            "seconds": round(self.seconds, 3),
            "evidence_error": None if self.unkept is None else str(self.unkept),
            "sources": [_to_json(report) for report in self.sources],
        }


def _to_json(report: SourceReport) -> dict[str, Any]:
    fields = dict(vars(report))
    fields["waited_seconds"] = round(report.waited_seconds, 3)
    fields["error"] = None if report.error is None else str(report.error)
    return fields
