"""A backup is one only if it verifies: the copy is looked at before it gets its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from convarchive.errors import DamageFound


def check(
    jobs: int, progress: Callable[[str, int, int | None], None] | None
) -> Callable[[Path], None]:
    """What verifies a copy whole: everything that is in it is read once more.

    Args:
        jobs: Processes.
        progress: Told what is looked at.
    """

    def verified(copy: Path) -> None:
        """Raise `DamageFound` unless a copy is whole."""
        from convarchive.compliance import verify

        report = verify.verify(copy, verify.Options(jobs=jobs, remember=False), progress=progress)
        if report.ok:
            return
        first, many = report.damage[0], len(report.damage)
        more = f", and {many - 1:,} more" if many > 1 else ""
        raise DamageFound(
            "The copy does not verify, so there is no backup.",
            f"{first.where} is damaged ({first.kind}){more}: {first.what}",
            "See whether the archive itself is damaged: convarchive verify",
        )

    return verified
