"""What to ask for although nothing in the list says so: the unfinished, and the missing."""

from __future__ import annotations

import sqlite3

from convarchive.errors import VendorError
from convarchive.sources.base import Source
from convarchive.store import clock, mirror, owed

_FEW = 10
"""So many may be missing at once from a stretch however short."""


def unfinished(connection: sqlite3.Connection, source: Source) -> list[str]:
    """The ids to look at again by now: a transcript was missing, or the call was in progress.

    One request for the list of all calls in progress saves one for each that still is.
    """
    now = clock.now()
    in_progress = owed.due(connection, source.name, "in_progress", now)
    if in_progress and source.capabilities.filters_status:
        in_progress = _changed(connection, source, in_progress)
    return owed.due(connection, source.name, "transcript", now) + in_progress


def no_longer_listed(
    connection: sqlite3.Connection,
    name: str,
    since: str | None,
    until: str | None,
    seen: set[str],
    *,
    accept_mass_deletion: bool,
) -> list[str]:
    """The ids that are stored, started in this stretch, and were not seen when it was listed.

    Raises:
        VendorError: They are so many that it looks like an outage and not like deletions.
    """
    stored = list(mirror.unlisted(connection, name, since, until))
    missing = [identifier for identifier in stored if identifier not in seen]
    suddenly = missing and (not seen or len(missing) > max(_FEW, len(stored) // 10))
    if suddenly and not accept_mass_deletion:
        raise VendorError(
            f"The vendor no longer lists {len(missing):,} of {len(stored):,} conversations.",
            "That looks like an outage or another account's key, so nothing was marked.",
            "If they were deleted there: convarchive sync --accept-mass-deletion",
        )
    return missing


def _changed(connection: sqlite3.Connection, source: Source, ids: list[str]) -> list[str]:
    """Those that are in progress no longer, or differ from what was fetched."""
    listed: dict[str, str | None] = {}
    number = 1
    while True:
        page = source.list(since=None, until=None, page=number, status="in_progress")
        if any(item.status != "in_progress" for item in page.items):
            return ids  # the filter is not obeyed
        fresh = {item.id: item.fingerprint for item in page.items if item.id not in listed}
        listed |= fresh
        if not page.full or not fresh:
            break
        number += 1
    known = mirror.known(connection, source.name, ids)
    return [each for each in ids if listed.get(each) is None or listed[each] != known.get(each)]
