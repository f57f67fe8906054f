"""Who has handed something over, and when: the two things that an archive does not know.

Other exports have no clock and no machine in them. Evidence has to name both, so they can be given:
the time by the variable ``SOURCE_DATE_EPOCH``, in seconds since 1970
(https://reproducible-builds.org/specs/source-date-epoch/), the name by ``--exported-by``. With
both, the same archive and query give the same bytes here as well.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Final

from convarchive.compliance import who
from convarchive.errors import UsageError
from convarchive.transcripts.plain import one_line

EPOCH: Final = "SOURCE_DATE_EPOCH"


def exported_at() -> datetime:
    """Now, or what the environment says that it is; to the second, in UTC.

    Raises:
        UsageError: The variable is set, and is no time.
    """
    given = os.environ.get(EPOCH)
    if not given:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{EPOCH} is no time: {given!r}.", "It counts seconds since 1970.", f"unset {EPOCH}"
        ) from error


def exported_by(wish: str) -> str:
    """What was wished for, or the user and the machine: ``jane on legal-7``; one line."""
    return one_line(wish) or f"{who.user()} on {who.host()}"
