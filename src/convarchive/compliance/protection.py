"""What must not be destroyed: what a legal hold protects, and what a floor of retention keeps.

Everything that destroys asks here, while nobody else can write.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from convarchive import query as language
from convarchive.compliance import rules
from convarchive.compliance.rules import Dates, RetentionClass
from convarchive.errors import QueryError, SettingsError
from convarchive.opened import Opened
from convarchive.store import holds, unindexed

HELD = "held"
FLOOR = "floor"
NO_DATE = "no date"
IN_PROGRESS = "in progress"


class Obstacle(NamedTuple):
    """Why a conversation is not destroyed."""

    kind: str
    """`HELD`, `FLOOR`, `NO_DATE` or `IN_PROGRESS`."""
    name: str
    """Of the hold or the class."""
    until: str | None = None
    """The day on which a floor ends, in UTC."""

    @property
    def told(self) -> str:
        """In words, to be put behind the name of a conversation."""
        match self.kind:
            case "held":
                return f"is under the legal hold {self.name!r}"
            case "floor":
                return f"must be kept until {self.until} by the class {self.name!r}"
            case "no date":
                return f"has no date from which the class {self.name!r} could count"
        return "is still in progress at the source"


def catch_up(opened: Opened, connection: sqlite3.Connection | None = None) -> None:
    """Bring the index up to date, if it is not: a rule must see all that there is.

    Args:
        opened: The archive.
        connection: For writing, if the writer lock is held already.

    Raises:
        ArchiveBusy: Another process is writing.
        IndexUnusable: It can't be written.
    """
    if not unindexed.count(opened._connection()):
        return
    from convarchive.index import writer

    if connection is not None:
        writer.catch_up(connection, opened.directory)
        return
    with opened.writing("reindex") as made:
        writer.catch_up(made, opened.directory)


def matching(opened: Opened, classes: Iterable[RetentionClass]) -> dict[str, frozenset[int]]:
    """The keys of what each class matches.

    Raises:
        SettingsError: The query of one is not understood.
        IndexUnusable: There is no index that could answer.
    """
    everything: frozenset[int] | None = None
    found: dict[str, frozenset[int]] = {}
    for each in classes:
        try:
            keys = opened._matching(each.query)
        except QueryError as error:
            raise SettingsError(
                f"The query of the class of retention {each.name!r} is not understood.",
                str(error), f"Set it anew: convarchive retention set {each.name} --query …",
            ) from error  # fmt: skip
        if keys is None and everything is None:
            rows = opened._connection().execute("SELECT key FROM conversations")
            everything = frozenset(key for (key,) in rows)
        found[each.name] = (everything or frozenset()) if keys is None else frozenset(keys)
    return found


def held(opened: Opened, keys: Sequence[int]) -> dict[int, list[Obstacle]]:
    """Which of these are under a legal hold, be it that its query matches them only now."""
    connection = opened._connection()
    names = {key: dict.fromkeys(told) for key, told in holds.of(connection, keys).items()}
    wanted = frozenset(keys)
    for hold in holds.active(connection):
        if hold.query is None:
            continue
        node = language.parse(hold.query, now=datetime.now(UTC), zone=UTC)
        for key in wanted.intersection(opened._index().keys(node)):
            names.setdefault(key, {})[str(hold.name)] = None
    return {key: [Obstacle(HELD, name) for name in told] for key, told in names.items()}


def floors(opened: Opened, keys: Sequence[int], now: datetime) -> dict[int, list[Obstacle]]:
    """Which of these a class of retention keeps."""
    classes = [each for each in rules.read(opened.directory).values() if each.keep]
    if not classes or not keys:
        return {}
    matches = matching(opened, classes)
    found: dict[int, list[Obstacle]] = {}
    for key, dates in read_dates(opened._connection(), keys).items():
        mine = [each for each in classes if key in matches[each.name]]
        if obstacles := [told for each in mine if (told := floor(each, dates, now))]:
            found[key] = obstacles
    return found


def floor(each: RetentionClass, dates: Dates, now: datetime) -> Obstacle | None:
    """What a class says against destroying a conversation of these dates, if it says anything."""
    if each.keep is None:
        return None
    base = dates.base(each.base)
    if base is None:
        return Obstacle(NO_DATE, each.name)
    until = each.keep.after(base)
    return Obstacle(FLOOR, each.name, until.date().isoformat()) if now < until else None


def both(*found: Mapping[int, Sequence[Obstacle]]) -> dict[int, list[Obstacle]]:
    """Several kinds of obstacles in one."""
    merged: dict[int, list[Obstacle]] = {}
    for each in found:
        for key, obstacles in each.items():
            merged.setdefault(key, []).extend(obstacles)
    return merged


def read_dates(connection: sqlite3.Connection, keys: Iterable[int]) -> dict[int, Dates]:
    """What spans of these conversations are counted from, by key."""
    rows = connection.execute(
        "SELECT key, started_at, ended_at, duration, first_seen_at FROM conversations"
        " WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key",
        (json.dumps(list(keys)),),
    )
    return {key: Dates(*rest) for key, *rest in rows}
