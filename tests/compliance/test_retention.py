"""Rules of retention: what is due, what goes, and what stays because something is against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.conversations import call, received

from convarchive import Archive, settings
from convarchive.compliance import retention, rules
from convarchive.compliance.protection import FLOOR, HELD, IN_PROGRESS, NO_DATE
from convarchive.compliance.rules import Dates, RetentionClass, Span
from convarchive.errors import NotFound, PlanChanged, QueryError, SettingsError
from convarchive.index import writer
from convarchive.model import Conversation
from convarchive.store import clock, ledger, mirror
from convarchive.store.database import transaction
from convarchive.store.ingest import ingest

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
Keep = Callable[..., None]


def ago(days: float) -> str:
    """So many days before this moment, as a vendor says it."""
    return clock.text(datetime.now(UTC) - timedelta(days=days))


def store(archive: Archive, *conversations: Conversation) -> None:
    """Store these, and index them."""
    with archive.writing("test") as connection:
        with transaction(connection):
            mirror.add_source(connection, "ayra", "ayra", clock.now())
            ingest(
                connection,
                (
                    received(one, one.id, one.started_at or ago(9_000))._replace(
                        received_at=ago(50)
                    )
                    for one in conversations
                ),
            )
        writer.catch_up(connection, archive.directory)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive."""
    with Archive.create(tmp_path / "archive") as made:
        yield made


def old(identifier: str, days: float = 400, **fields: object) -> Conversation:
    """A call of so many days ago, that took four minutes."""
    usual: dict[str, object] = {"started_at": ago(days), "ended_at": ago(days - 0.003)}
    return call(identifier, **(usual | fields))


def goes(archive: Archive) -> list[str]:
    """What would be destroyed."""
    return [each.conversation.id for each in archive.plan_retention().goes]


def against(archive: Archive) -> dict[str, list[str]]:
    """What is due and stays, and for which kinds of reason."""
    stays = archive.plan_retention().stays
    return {each.conversation.id: [o.kind for o in each.against] for each in stays}


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        ("1y", "2028-02-29", "2029-02-28"), ("4y", "2028-02-29", "2032-02-29"),
        ("1mo", "2026-01-31", "2026-02-28"), ("1mo", "2028-01-31", "2028-02-29"),
        ("12mo", "2028-02-29", "2029-02-28"), ("13mo", "2026-12-15", "2028-01-15"),
        ("2w", "2026-02-20", "2026-03-06"), ("90d", "2026-01-01", "2026-04-01"),
        ("6y", "2020-01-01", "2026-01-01"), ("1mo", "2026-12-31", "2027-01-31"),
        ("9999y", "2026-01-01", "9999-12-31"), ("99999d", "9000-01-01", "9273-10-15"),
        ("99999w", "9000-01-01", "9999-12-31"),
    ],
)  # fmt: skip
def test_calendar(span: str, start: str, end: str) -> None:
    """The same day of a later month or its last one; nothing is later than the last day."""
    found = rules._span("", span).after(datetime.fromisoformat(start).replace(tzinfo=UTC))
    assert found.date().isoformat() == end


@given(
    st.datetimes(max_value=NOW.replace(tzinfo=None)), st.integers(1, 5000), st.sampled_from("ywd")
)
def test_spans_keep_the_order(moment: datetime, many: int, unit: str) -> None:
    """A longer span never ends earlier, and each ends later than it begins."""
    moment = moment.replace(tzinfo=UTC)
    one, other = Span(many, unit).after(moment), Span(many + 1, unit).after(moment)
    assert moment < one <= other


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"query": "*"}, "needs a query, and keep"),
        ({"keep": "6y"}, "needs a query"),
        ({"query": "*", "keep": "6 years"}, "no span"),
        ({"query": "*", "keep": "0y"}, "no span"),
        ({"query": "*", "keep": "-1y"}, "no span"),
        ({"query": "*", "keep": "6y", "delete_after": "5y"}, "must be kept for 6y can't go"),
        ({"query": "*", "keep": "366d", "delete_after": "1y"}, "can't go"),
        ({"query": "*", "keep": "1y", "delete_after": "365d"}, "can't go"),
        ({"query": "*", "keep": "6y", "from": "now"}, "from should be"),
        ({"query": "*", "keep": "6y", "holds": "x"}, "does not exist"),
        ({"query": "*", "keep": 6}, "table of texts"),
        ("6y", "table of texts"),
    ],
)
def test_settings_that_cannot_be(archive: Archive, table: object, what: str) -> None:
    """Each says what is wrong, with exit code 2, and nothing is destroyed by the others."""
    settings.put(archive.directory, "retention", "odd", table)  # type: ignore[arg-type]
    settings.put(archive.directory, "retention", "fine", {"query": "*", "delete_after": "1d"})
    store(archive, old("a"))
    with pytest.raises(SettingsError, match=what):
        archive.plan_retention()
    assert archive.count() == 1


@pytest.mark.parametrize(
    ("keep", "delete_after"), [("1y", "12mo"), ("12mo", "1y"), ("6y", "6y"), ("1w", "7d")]
)
def test_as_long_in_other_words(archive: Archive, keep: str, delete_after: str) -> None:
    """A floor that ends when the ceiling does is no contradiction."""
    table = {"query": "*", "keep": keep, "delete_after": delete_after}
    archive.set_retention("same", table)
    assert archive.plan_retention().classes[0].keep is not None


def test_set_and_remove(archive: Archive) -> None:
    """In the settings, whose comments stay; each change is in the ledger."""
    path = archive.directory / settings.FILE
    path.write_text(path.read_text() + "# mine\n")
    archive.set_retention("calls", {"query": "*", "keep": "6y"})
    archive.set_retention("calls", {"query": "*", "keep": "7y"})
    (only,) = archive.plan_retention().classes
    assert only == RetentionClass("calls", "*", Span(7, "y"), None, "end")
    archive.remove_retention("calls")
    assert archive.plan_retention().classes == []
    assert "# mine" in path.read_text()
    kinds = [entry.fields["kind"] for entry in ledger.read(archive._connection())]
    assert kinds.count("settings") == 5  # one for the settings that it was made with
    with pytest.raises(NotFound):
        archive.remove_retention("calls")


def test_a_query_that_is_not_understood(archive: Archive) -> None:
    """It can't be set; and one that is in the file stops all of it."""
    with pytest.raises(QueryError):
        archive.set_retention("odd", {"query": "statsu:failed", "keep": "1y"})
    settings.put(archive.directory, "retention", "odd", {"query": "a:(", "delete_after": "1d"})
    with pytest.raises(SettingsError, match="'odd' is not understood"):
        archive.plan_retention()


def test_due_and_free_goes(archive: Archive) -> None:
    """After the ceiling, and not before it."""
    archive.set_retention("calls", {"query": "*", "delete_after": "1y"})
    store(archive, old("a", 400), old("b", 300))
    assert goes(archive) == ["a"]
    done = archive.apply_retention(archive.plan_retention())
    assert done is not None
    assert (done.conversations, archive.count()) == (1, 1)
    assert archive.apply_retention(archive.plan_retention()) is None


def test_the_shortest_ceiling_counts(archive: Archive) -> None:
    """And it is the class by which it is due."""
    archive.set_retention("long", {"query": "*", "delete_after": "5y"})
    archive.set_retention("short", {"query": "charged", "delete_after": "30d"})
    store(archive, old("a"))
    assert [each.rule for each in archive.plan_retention().goes] == ["short"]


def test_the_longest_floor_counts(archive: Archive) -> None:
    """It is told until when."""
    archive.set_retention("short", {"query": "*", "keep": "1d", "delete_after": "30d"})
    archive.set_retention("long", {"query": "charged", "keep": "10y"})
    store(archive, old("a"))
    (stays,) = archive.plan_retention().stays
    (obstacle,) = stays.against
    year = datetime.now(UTC).year
    assert (obstacle.kind, obstacle.name) == (FLOOR, "long")
    assert obstacle.until is not None
    assert year + 8 <= int(obstacle.until[:4]) <= year + 9


@pytest.mark.parametrize(
    ("fields", "base", "kinds"),
    [
        ({"ended_at": None, "duration": None}, "end", [NO_DATE]),
        ({"ended_at": None}, "end", None),
        ({"ended_at": None, "started_at": None}, "start", [NO_DATE]),
        ({"ended_at": None, "started_at": None}, "sync", None),
        ({"status": "in_progress"}, "end", [IN_PROGRESS]),
        ({"status": "in_progress", "ended_at": None, "duration": None}, "end",
         [NO_DATE, IN_PROGRESS]),
    ],
)  # fmt: skip
def test_dates_that_are_missing(
    archive: Archive, fields: dict[str, object], base: str, kinds: list[str] | None
) -> None:
    """Without a date nothing is destroyed; an end can be told by start and duration; what is in
    progress stays."""
    archive.set_retention("calls", {"query": "*", "delete_after": "30d", "from": base})
    store(archive, old("a", **fields))
    assert against(archive) == ({"a": kinds} if kinds else {})
    assert goes(archive) == ([] if kinds else ["a"])


def test_in_progress_for_ever(archive: Archive) -> None:
    """A call that the vendor has deleted while it was in progress comes to no other end."""
    archive.set_retention("calls", {"query": "*", "delete_after": "30d"})
    store(archive, old("a", status="in_progress"))
    with archive.writing("test") as connection, transaction(connection):
        mirror.mark_deleted(connection, "ayra", "a", clock.now())
    assert goes(archive) == ["a"]


def test_a_hold_is_before_all_rules(archive: Archive) -> None:
    """Whether its query has matched before or does only now."""
    archive.set_retention("calls", {"query": "*", "delete_after": "30d"})
    archive.place_hold("smith", query="charged", reason="suit")
    store(archive, old("a"), old("b", turns=()))
    assert (against(archive), goes(archive)) == ({"a": [HELD]}, ["b"])
    done = archive.apply_retention(archive.plan_retention())
    assert done is not None
    assert {one.id for one in archive.list("", limit=0)} == {"a"}


def test_what_the_index_lacks_is_seen(archive: Archive) -> None:
    """A rule that asks an index which is behind would keep too little."""
    archive.set_retention("calls", {"query": "*", "delete_after": "30d"})
    archive.set_retention("kept", {"query": "charged", "keep": "9y"})
    with archive.writing("test") as connection, transaction(connection):
        mirror.add_source(connection, "ayra", "ayra", clock.now())
        ingest(connection, [received(old("a"), "a", ago(300))])
    assert archive.unindexed() == 1
    assert against(archive) == {"a": [FLOOR]}


def test_what_comes_due_meanwhile(archive: Archive) -> None:
    """It was not agreed to, so it stays for the next time; what was agreed to goes all the same."""
    archive.set_retention("calls", {"query": "*", "delete_after": "30d"})
    store(archive, old("a"), old("b", 31))
    earlier = datetime.now(UTC) - timedelta(days=2)
    plan = retention.plan(archive, earlier)
    assert [each.conversation.id for each in plan.goes] == ["a"]
    archive.apply_retention(plan)
    assert {one.id for one in archive.list("", limit=0)} == {"b"}
    assert [each.conversation.id for each in archive.plan_retention().goes] == ["b"]


def test_a_plan_that_has_changed(archive: Archive) -> None:
    """A rule that is another by now was not agreed to."""
    archive.set_retention("calls", {"query": "*", "delete_after": "30d"})
    store(archive, old("a"), old("b"))
    plan = archive.plan_retention()
    archive.place_hold("smith", ids=["b"], reason="suit")
    with pytest.raises(PlanChanged):
        archive.apply_retention(plan)
    assert archive.count() == 2


@pytest.mark.parametrize("days", [0, 1])
def test_the_moment_itself(days: int) -> None:
    """At the instant at which a span ends the floor has passed and the ceiling is reached."""
    base = NOW - timedelta(days=30)
    dates = Dates(None, clock.text(base), None, clock.text(base))
    both = RetentionClass("c", "*", Span(30, "d"), Span(30, "d"), "end")
    judged = retention.judge([both], dates, NOW - timedelta(days=days), in_progress=False)
    assert (judged is None) is bool(days)
    if judged is not None:
        assert judged[2] == []
