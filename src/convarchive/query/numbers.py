"""Numbers in a query: how long a call was, and how many turns it had.

Durations: ``90`` (seconds), ``90s``, ``5m`` or ``5min``, ``1h30m``, ``1.5h``, and ``4:07`` or
``1:02:03`` as they stand in the results. Milliseconds are the finest.
"""

from __future__ import annotations

import re
from typing import Final

from convarchive.errors import UsageError

_NUMBER: Final = r"([0-9]{1,9}(?:\.[0-9]{1,3})?)"
_UNITS: Final = rf"(?:{_NUMBER}h)?(?:{_NUMBER}m(?:in)?)?(?:{_NUMBER}s?)?"
_CLOCK: Final = r"(?:([0-9]{1,9}):)?([0-9]{1,9}):([0-5][0-9])"
_TURNS: Final = r"[0-9]{1,9}"


def parse_duration(text: str) -> tuple[float, float]:
    """The seconds, and how many more the text can stand for when it stands alone.

    ``5m`` is 300 and up to 60 more: what a clock without seconds shows as five minutes. ``5m30s``,
    ``330`` and ``5:30`` are up to 1 more, ``1h`` 3600 more; what has a fraction is exact.

    Raises:
        UsageError: This is no duration.
    """
    found = re.fullmatch(_CLOCK, text) or re.fullmatch(_UNITS, text, re.IGNORECASE)
    if found is None or not text:
        raise UsageError(
            f'"{text}" is no duration.', hint="Durations look like 90, 90s, 5m, 1h30m or 4:07."
        )
    hours, minutes, seconds = found.groups()
    total = float(hours or 0) * 3600 + float(minutes or 0) * 60 + float(seconds or 0)
    if "." in text:
        return round(total, 3), 0
    return total, 1 if seconds else 60 if minutes else 3600


def parse_turns(text: str) -> tuple[float, float]:
    """The number, and 0: a count is exact.

    Raises:
        UsageError: This is no whole number.
    """
    if not re.fullmatch(_TURNS, text):
        raise UsageError(f'"{text}" is no number of turns.', hint="Write turns:20 or turns:>20.")
    return float(text), 0
