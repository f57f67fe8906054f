"""Erasing conversations because somebody has the right to it (GDPR article 17).

What would go is planned and shown first, without a lock. Then, while nobody else can write, it is
planned again: it is done if it is still the same, whole or not at all. A legal hold and a floor of
retention come first (article 17, paragraph 3).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from convarchive.compliance import destruction, holds, protection, who
from convarchive.compliance.destruction import Destroyed, Order
from convarchive.compliance.mentions import Mentions, digits, same_caller
from convarchive.compliance.protection import Obstacle
from convarchive.errors import NotFound, PlanChanged, Protected, UsageError
from convarchive.opened import Opened
from convarchive.store import naming, removal, tombstones
from convarchive.store.removal import Named

_TOLD = 3


class Plan(NamedTuple):
    """What would be erased."""

    asked: tuple[tuple[str, ...], tuple[str, ...]]
    """Ids and callers, as they were given."""
    doomed: list[Named]
    """By key."""
    recordings: int
    protected: dict[int, list[Obstacle]]
    """Of those, what must not be erased; where there is any, nothing is."""
    mentioning: Sequence[Named] = ()
    """What stays, and has one of the numbers in its text: somebody should look at it."""


def plan(opened: Opened, ids: Sequence[str] = (), callers: Sequence[str] = ()) -> Plan:
    """What an erasure would destroy, what is against it, and what else somebody should look at.

    Args:
        opened: The archive.
        ids: Of conversations, whole, or as ``SOURCE/ID``. The beginning of one won't do: if it is
            erased already, it may be that of another.
        callers: Phone numbers in any writing, with the country's code; all their conversations.

    Raises:
        UsageError: Nothing is asked for.
        NotFound: There is no such conversation, or none of such a caller.
    """
    if not ids and not callers:
        raise UsageError(
            "Nothing is named that is to be erased.", "", "Give ids, or --caller with a number."
        )
    protection.catch_up(opened)
    found = _planned(opened, tuple(ids), tuple(callers))
    return found._replace(mentioning=list(_mentioning(opened, found.doomed, callers)))


def _planned(opened: Opened, ids: tuple[str, ...], callers: tuple[str, ...]) -> Plan:
    connection = opened._connection()
    keys = {_exactly(connection, name) for name in ids}
    for caller in callers:
        keys |= of_caller(connection, caller)
    doomed = removal.named(connection, keys)
    chosen = [each.key for each in doomed]
    against = protection.both(
        protection.held(opened, chosen), protection.floors(opened, chosen, datetime.now(UTC))
    )
    return Plan((ids, callers), doomed, len(removal.sounds(connection, chosen)), against)


def erase(opened: Opened, agreed: Plan, *, reason: str, by: str | None = None) -> Destroyed:
    """Erase what a plan says.

    Args:
        opened: The archive.
        agreed: What was shown, and agreed to.
        reason: Why, in the words of whoever answers for it; kept for good.
        by: Who that is; the user of the system, if it is not said.

    Raises:
        ArchiveBusy: Another process is writing.
        PlanChanged: It would be something else by now.
        Protected: A hold or a rule of retention is against it; nothing was erased.
        Unfinished: It is erased from the tables, and not yet from all files.
        UsageError: The reason won't do.
    """
    check_reason(agreed, reason)
    by = destruction.checked("name", by or who.me())
    with opened.writing("erase") as connection:
        protection.catch_up(opened, connection)
        holds.take_in_new(connection, opened.directory)
        now = _planned(opened, *agreed.asked)
        if [each.key for each in now.doomed] != [each.key for each in agreed.doomed]:
            raise PlanChanged(
                "Something else would be erased by now than what was shown.",
                "The archive has changed meanwhile; nothing was erased.",
                "Look again: convarchive erase … --dry-run",
            )
        refuse(now)
        opened.close()  # a reader would keep the write-ahead log from being emptied
        doomed = [(each.key, None) for each in now.doomed]
        order = Order(tombstones.ERASURE, doomed, by, reason, numbers=agreed.asked[1])
        return destruction.destroy(connection, opened.directory, order)


def refuse(plan: Plan) -> None:
    """See that nothing is against it.

    Raises:
        Protected: Something is.
    """
    if not plan.protected:
        return
    told = [
        f"{each.source}/{each.id} {plan.protected[each.key][0].told}"
        for each in plan.doomed
        if each.key in plan.protected
    ]
    more = f"; and {len(told) - _TOLD:,} more" if len(told) > _TOLD else ""
    raise Protected(
        f"Nothing was erased: {len(told):,} of {len(plan.doomed):,} must not be.",
        f"{'; '.join(told[:_TOLD])}{more}.",
        "Release the hold, or name only the others: convarchive hold list, retention list",
    )


def check_reason(plan: Plan, reason: str) -> None:
    """See that the reason, which is kept for good, does not keep what is to be erased.

    Raises:
        UsageError: It does, or there is none.
    """
    if not reason.strip():
        raise UsageError("A reason is needed.", "It is kept for good.", "Give it: --reason TEXT")
    destruction.checked("reason", reason)
    numbers = [*plan.asked[1], *(each.caller_number or "" for each in plan.doomed)]
    if Mentions([each.id for each in plan.doomed], numbers).within(reason.encode()):
        raise UsageError(
            "The reason has an id or a number in it that is to be erased.",
            "It is kept for good.",
            "Say it without, such as by the number of the case.",
        )


def _exactly(connection: sqlite3.Connection, name: str) -> int:
    """The key of the conversation of this whole name.

    Raises:
        NotFound: There is none, or there are several.
    """
    with contextlib.suppress(UnicodeEncodeError):
        sources = connection.execute("SELECT name FROM sources").fetchall()
        for (source,) in sources:
            ids = {name, name.removeprefix(f"{source}/")}
            if tombstones.erased(connection, source, ids):
                raise NotFound(f"The conversation {name!r} was destroyed already.")
    key = naming.find(connection, name)
    (found,) = removal.named(connection, [key])
    if name not in (found.id, f"{found.source}/{found.id}"):
        raise NotFound(
            f"There is no conversation {name!r}.", "To be erased it has to be named in full.",
            f"Did you mean {found.id}?",
        )  # fmt: skip
    return key


def of_caller(connection: sqlite3.Connection, caller: str) -> set[int]:
    """The keys of all conversations of a caller.

    Raises:
        NotFound: There are none.
    """
    rows = connection.execute(
        "SELECT key, caller_number FROM conversations WHERE caller_number IS NOT NULL"
    )
    found = {key for key, number in rows if same_caller(caller, number)}
    if found:
        return found
    short = not caller.strip().startswith(("+", "00")) and digits(caller) is not None
    raise NotFound(
        f"There is no conversation with the caller {caller!r}.", "",
        "Give the number with its country's code: --caller +1…" if short
        else f"See who is near: convarchive list 'caller:{caller}'",
    )  # fmt: skip


def mentioning(opened: Opened, numbers: Sequence[str], but: Sequence[int] = ()) -> list[Named]:
    """The conversations that have one of these numbers in their text, spoken or in digits, or
    somewhere in what the vendor sent; all but some."""
    connection = opened._connection()
    found: set[int] = set()
    for number in numbers:
        if told := digits(number):
            found.update(opened._matching(f"+{told}") or ())
    sought = Mentions((), numbers)
    for key, body in connection.execute("SELECT conversation, body FROM documents"):
        if key not in found and sought and sought.within(removal.unpacked(body)):
            found.add(key)
    return removal.named(connection, found.difference(but))


def _mentioning(opened: Opened, doomed: Sequence[Named], callers: Sequence[str]) -> Iterator[Named]:
    """What mentions a caller of whom nothing else stays."""
    numbers = [*callers, *(each.caller_number for each in doomed if each.caller_number)]
    keys = {each.key for each in doomed}
    for each in mentioning(opened, list(dict.fromkeys(numbers)), sorted(keys)):
        # Other calls of the same caller, who did not ask for those to be erased.
        if not any(each.caller_number and same_caller(each.caller_number, n) for n in numbers):
            yield each
