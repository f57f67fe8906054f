"""Values from a vCon that someone else made: any of them can be of any type, or missing.

What is not of the type that was asked for counts as absent, so that one wrong field costs no more
than itself.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

_CLOCK: Final = re.compile(r"(?:([0-9]{1,5}):)?([0-5]?[0-9]):([0-5]?[0-9](?:[.,][0-9]{1,9})?)")


def text(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def number(value: Any) -> float | None:
    """A finite number, also one that is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def length(value: Any) -> float | None:
    """A number of seconds that is not negative."""
    found = number(value)
    return found if found is not None and found >= 0 else None


def objects(value: Any) -> list[dict[str, Any]]:
    """A list of objects; what is none of them becomes an empty one, so that indices stay true."""
    if not isinstance(value, list):
        return []
    return [item if isinstance(item, dict) else {} for item in value]


def indices(value: Any) -> list[int]:
    """One index, several, or several with lists within: all of them in their order."""
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value]
    if not isinstance(value, list):
        return []
    within = (item if isinstance(item, list) else [item] for item in value)
    return [one for items in within for one in items if type(one) is int]


def seconds(value: Any) -> float | None:
    """A place in a recording: a number of seconds, or ``01:02:03.5``."""
    found = number(value)
    if found is None and isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        hours, minutes, rest = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest.replace(",", "."))
    return found


def moment(value: Any) -> datetime | None:
    """A time, in UTC; from RFC 3339 or, as in the oldest vCons, from RFC 5322."""
    if not isinstance(value, str):
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = parse(value.strip())
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None


def instant(found: datetime) -> str:
    """A time in UTC as `convarchive.model` writes it: ending in ``Z``, with no empty fraction."""
    written = found.replace(tzinfo=None).isoformat()
    return (written.rstrip("0") if "." in written else written) + "Z"
