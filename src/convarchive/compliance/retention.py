"""Retention: what is due to be destroyed by the classes in the settings, and destroying it.

A conversation can match several classes. Its floor is the longest ``keep`` of them, its ceiling the
shortest ``delete_after``. It is due when the ceiling has passed. It goes if nothing is against it:

* it is under a legal hold;
* a floor of another class has not passed;
* a class has no date to count from;
* it is still in progress at the source.

Those are conflicts. They are reported, and never resolved here: what is due and in a conflict
stays, until somebody releases the hold or changes a rule, or time passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from convarchive.compliance import destruction, holds, protection, rules, who
from convarchive.compliance.destruction import Destroyed, Order
from convarchive.compliance.protection import IN_PROGRESS, NO_DATE, Obstacle
from convarchive.compliance.rules import Dates, RetentionClass
from convarchive.errors import PlanChanged
from convarchive.opened import Opened
from convarchive.store import removal, tombstones
from convarchive.store.removal import Named

REASON = "Rules of retention"


class Due(NamedTuple):
    """A conversation whose time has come, or of which nobody can tell."""

    conversation: Named
    rule: str
    """The class whose ceiling passed first."""
    since: str | None
    """When that was, ISO 8601 in UTC; None where there is no date to count from."""
    against: list[Obstacle]
    """Why it stays; empty if it goes."""


class Plan(NamedTuple):
    """What `apply` would destroy."""

    classes: list[RetentionClass]
    matching: dict[str, int]
    """How many conversations each class matches, by its name."""
    goes: list[Due]
    """By key."""
    stays: list[Due]
    """Due, and in a conflict; by key."""
    recordings: int
    as_of: datetime
    """What has come due since is not in it."""


class _Call(NamedTuple):
    dates: Dates
    in_progress: bool


def plan(opened: Opened, now: datetime | None = None) -> Plan:
    """What is due, what goes and what stays.

    Args:
        opened: The archive.
        now: As of when; None for this moment.

    Raises:
        SettingsError: A class is not understood.
        IndexUnusable: What matches can't be known.
        ArchiveBusy: The index is behind, and another process is writing.
    """
    protection.catch_up(opened)
    return _planned(opened, now or datetime.now(UTC))


def apply(opened: Opened, agreed: Plan, *, by: str | None = None) -> Destroyed | None:
    """Destroy what a plan says; None if nothing is due.

    Args:
        opened: The archive.
        agreed: What was shown, and agreed to.
        by: Who answers for it; the user of the system, if it is not said.

    Raises:
        ArchiveBusy: Another process is writing.
        PlanChanged: It would be something else by now; nothing was destroyed.
        Unfinished: It is gone from the tables, and not yet from all files.
        UsageError: The name won't do.
    """
    by = destruction.checked("name", by or who.me())
    with opened.writing("retention apply") as connection:
        protection.catch_up(opened, connection)
        holds.take_in_new(connection, opened.directory)
        # Not as of now: with calls every few seconds something comes due while somebody reads.
        found = _planned(opened, agreed.as_of)
        if _what(found) != _what(agreed):
            raise PlanChanged(
                "Something else would be destroyed by now than what was shown.",
                "The archive, a rule or a hold has changed meanwhile; nothing was destroyed.",
                "Look again: convarchive retention apply --dry-run",
            )
        if not found.goes:
            return None
        opened.close()  # a reader would keep the write-ahead log from being emptied
        order = Order(tombstones.DISPOSAL, _what(found), by, REASON, _told(found))
        return destruction.destroy(connection, opened.directory, order)


def _planned(opened: Opened, now: datetime) -> Plan:
    classes = list(rules.read(opened.directory).values())
    matches = protection.matching(opened, classes)
    counts = {name: len(keys) for name, keys in matches.items()}
    due = _due(opened, classes, matches, now)
    against = protection.held(opened, list(due))
    goes: list[Due] = []
    stays: list[Due] = []
    for each in removal.named(opened._connection(), due):
        rule, since, obstacles = due[each.key]
        told = Due(each, rule, since, against.get(each.key, []) + obstacles)
        (stays if told.against else goes).append(told)
    keys = [each.conversation.key for each in goes]
    sounds = removal.sounds(opened._connection(), keys)
    return Plan(classes, counts, goes, stays, len(sounds), now)


_Judged = tuple[str, "str | None", list[Obstacle]]


def _due(
    opened: Opened,
    classes: Sequence[RetentionClass],
    matches: Mapping[str, frozenset[int]],
    now: datetime,
) -> dict[int, _Judged]:
    """What is due, by key, with what the rules themselves say against it."""
    ceilings = [each for each in classes if each.delete_after]
    keys = frozenset[int]().union(*(matches[each.name] for each in ceilings))
    found = {}
    for key, call in _read(opened, keys).items():
        mine = [each for each in classes if key in matches[each.name]]
        if (judged := judge(mine, call.dates, now, in_progress=call.in_progress)) is not None:
            found[key] = judged
    return found


def judge(
    classes: Sequence[RetentionClass], dates: Dates, now: datetime, *, in_progress: bool
) -> _Judged | None:
    """Whether a conversation is due by the classes that it matches.

    Returns:
        The class whose ceiling passed first, when that was, and what is against it; None if it is
        not due. If no ceiling has passed and one has no date to count from, nobody can tell: then
        it is told with that against it.
    """
    passed, unknown = [], []
    for each in classes:
        if each.delete_after is None:
            continue
        base = dates.base(each.base)
        if base is None:
            unknown.append(Obstacle(NO_DATE, each.name))
        elif (ceiling := each.delete_after.after(base)) <= now:
            passed.append((ceiling, each.name))
    if not passed and not unknown:
        return None
    against = [told for each in classes if (told := protection.floor(each, dates, now))]
    if in_progress:
        against.append(Obstacle(IN_PROGRESS, ""))
    if passed:
        ceiling, name = min(passed)
        return name, ceiling.strftime("%Y-%m-%dT%H:%M:%SZ"), against
    return unknown[0].name, None, list(dict.fromkeys([*unknown, *against]))


def _read(opened: Opened, keys: frozenset[int]) -> dict[int, _Call]:
    rows = opened._connection().execute(
        "SELECT key FROM conversations WHERE status = 'in_progress' AND deleted_at_source IS NULL"
    )
    in_progress = {key for (key,) in rows}
    return {
        key: _Call(dates, key in in_progress)
        for key, dates in protection.read_dates(opened._connection(), keys).items()
    }


def _what(plan: Plan) -> list[tuple[int, str | None]]:
    """What goes, by which class."""
    return [(each.conversation.key, each.rule) for each in plan.goes]


def _told(plan: Plan) -> dict[str, Any]:
    """What the certificate says of the rules; not their queries, which can name a person."""
    destroyed = Counter(each.rule for each in plan.goes)
    kinds = Counter(
        kind for each in plan.stays for kind in {obstacle.kind for obstacle in each.against}
    )
    return {
        "classes": [
            {
                "name": each.name,
                "keep": None if each.keep is None else str(each.keep),
                "delete_after": None if each.delete_after is None else str(each.delete_after),
                "from": each.base,
                "destroyed": destroyed[each.name],
            }
            for each in plan.classes
        ],
        "held_back": dict(sorted(kinds.items())),
    }
