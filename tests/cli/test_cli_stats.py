"""``stats``: how many, how long, by what; compared with what ``list`` and ``count`` say."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from convarchive import Archive
from convarchive.errors import UsageError
from convarchive.stats import AXES
from convarchive.stats import stats as stats_of

Run = Callable[..., Any]

ROW = {"id", "value", "count", "share", "all", "share_of_all", "duration", "average"}


def document(find: Run, *args: str) -> dict[str, Any]:
    """The JSON document of a command that succeeds."""
    ran = find("stats", "--json", *args)
    assert ran.code == 0, ran.err
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def counts(document: dict[str, Any]) -> dict[str | None, int]:
    """The counts that are not 0, by value."""
    return {row["value"]: row["count"] for row in document["rows"] if row["count"]}


def listed(find: Run, *args: str) -> list[dict[str, Any]]:
    """All rows of ``list``."""
    rows: list[dict[str, Any]] = json.loads(find("list", "-n", "0", "--json", *args).out)["hits"]
    return rows


def test_the_document(find: Run) -> None:
    """It has its schema, the query, what it is by, all of it together, and a row for each month."""
    found = document(find)
    rows = listed(find)
    assert found["schema"] == "convarchive.stats/1"
    assert (found["query"], found["by"], found["unindexed"]) == ("", "month", 0)
    assert found["total"]["count"] == found["total"]["all"] == 126
    assert found["total"]["duration"] == sum(row["duration"] or 0 for row in rows)
    assert counts(found) == Counter(row["started_at"][:7] for row in rows)


@pytest.mark.parametrize("by", AXES)
def test_every_axis(find: Run, by: str) -> None:
    """Rows have all fields; but for topics they add up to the total, and their shares to 100."""
    found = document(find, "--by", by)
    assert found["rows"]
    assert all(set(row) == ROW for row in found["rows"])
    if by != "topic":
        assert sum(row["count"] for row in found["rows"]) == 126
        assert sum(row["share"] for row in found["rows"]) == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    ("by", "field"),
    [("agent", "agent_id"), ("status", "status"), ("outcome", "outcome"), ("source", "source"),
     ("sentiment", "sentiment"), ("language", "language")],
)  # fmt: skip
def test_values(find: Run, by: str, field: str) -> None:
    """The counts are those of the rows that ``list`` has; none is a value, too."""
    assert counts(document(find, "--by", by)) == Counter(row[field] for row in listed(find))


def test_topics(find: Run) -> None:
    """A conversation counts for each of its topics, and one without for none of them."""
    expected: Counter[str | None] = Counter()
    for row in listed(find):
        expected.update(set(row["topics"]) or {None})
    assert counts(document(find, "--by", "topic")) == expected


def test_a_topic_that_is_there_twice(run: Run, copied: Archive) -> None:
    """A conversation counts once for a topic, however often the vendor repeats it."""
    with copied.writing("test") as connection:
        connection.execute("""UPDATE conversations SET topics = '["echo", "echo"]' WHERE key = 1""")
    found = json.loads(run("-a", copied.directory, "stats", "--by", "topic", "--json").out)
    assert counts(found)["echo"] == 1
    assert dict(copied.facets()["topic"])["echo"] == 1


def test_a_query(find: Run) -> None:
    """With a query the rows count what matches, and beside it all that there are."""
    everything, found = (
        document(find, "--by", "status"),
        document(find, "charged", "--by", "status"),
    )
    of = {row["value"]: row["count"] for row in everything["rows"]}
    assert found["total"]["count"] == int(find("search", "--count", "charged").out)
    assert found["total"]["all"] == 126
    for row in found["rows"]:
        query = f"charged status:{row['value']}"
        assert row["count"] == int(find("search", "--count", query).out)
        assert row["all"] == of[row["value"]]
        assert row["share_of_all"] == pytest.approx(100 * row["count"] / row["all"], abs=0.01)


def test_the_average(find: Run) -> None:
    """It is of those that have a duration."""
    for row in document(find, "--by", "status")["rows"]:
        lasted = [each["duration"] for each in listed(find, f"status:{row['value']}")]
        lasted = [seconds for seconds in lasted if seconds is not None]
        assert row["average"] == pytest.approx(sum(lasted) / len(lasted), abs=0.001)


def test_months_without_any(find: Run) -> None:
    """Between the first and the last they are there, with 0."""
    found = document(find, "charged")["rows"]
    months = [row["value"] for row in found]
    assert months == sorted(months)
    assert months[0] == "2025-12"
    assert len(months) == 12
    assert [row["average"] for row in found if not row["count"]] == [None, None, None]


def test_days(find: Run) -> None:
    """Every day from the first to the last, those of leap years and short months included."""
    days = [row["value"] for row in document(find, "date:2026-02..2026-03", "--by", "day")["rows"]]
    assert {"2026-02-27", "2026-02-28", "2026-03-01"} <= set(days)
    assert "2026-02-29" not in days
    assert days == sorted(set(days))


def test_hours_and_weekdays(find: Run) -> None:
    """A day has all its hours and a week all its days, whatever is in them."""
    assert [row["value"] for row in document(find, "--by", "hour")["rows"]] == [
        f"{hour:02}" for hour in range(24)
    ]
    assert [row["value"] for row in document(find, "charged", "--by", "weekday")["rows"]] == [
        "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
    ]  # fmt: skip


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=45)),
                                  timezone(timedelta(hours=-9, minutes=-30))])  # fmt: skip
def test_zones(synced: Archive, zone: timezone) -> None:
    """Days and hours are those of the zone, also where it is off by a part of an hour."""
    from datetime import datetime

    with Archive.open(synced.directory, zone) as archive:
        starts = [
            datetime.fromisoformat(each.started_at).astimezone(zone)
            for each in archive.list(limit=0) if each.started_at
        ]  # fmt: skip
        for by, form in (("day", "%Y-%m-%d"), ("hour", "%H"), ("month", "%Y-%m")):
            expected = Counter(start.strftime(form) for start in starts)
            rows = archive.stats(by=by).rows
            assert {row.value: row.matching for row in rows if row.matching} == expected


def test_an_unknown_start(run: Run, copied: Archive) -> None:
    """It is counted, last."""
    with copied.writing("test") as connection:
        connection.execute("UPDATE conversations SET started_at = NULL WHERE key = 1")
    ran = run("-a", copied.directory, "stats")
    assert ran.out.splitlines()[-1].startswith("(none) ")
    assert sum(row.matching for row in copied.stats().rows) == 126


def test_the_order(find: Run) -> None:
    """What has no order of its own stands by frequency, and what has no value last."""
    rows = document(find, "--by", "outcome")["rows"]
    assert rows[-1]["value"] is None
    assert rows[-1]["id"] == "(none)"
    numbers = [row["count"] for row in rows[:-1]]
    assert numbers == sorted(numbers, reverse=True)


def test_every_form(find: Run) -> None:
    """The same rows as JSON lines, CSV, TSV, table and ids."""
    rows = document(find, "--by", "status")["rows"]
    for form in ("--jsonl", "--nl"):
        lines = find("stats", "--by", "status", form).out.splitlines()
        assert [json.loads(line) for line in lines] == rows
    out = find("stats", "--by", "status", "--csv").out
    read = list(csv.DictReader(io.StringIO(out, newline="")))
    assert [int(row["count"]) for row in read] == [row["count"] for row in rows]
    assert find("stats", "--by", "status", "--tsv").out.count("\n") == len(rows) + 1
    assert find("stats", "--by", "status", "-t").out.count("\n") == len(rows) + 1
    assert find("stats", "--by", "status", "--ids").out.split() == [row["id"] for row in rows]


def test_a_limit(find: Run) -> None:
    """``-n`` keeps the most frequent, of months the latest, and says how many there are more."""
    agents, months = document(find, "--by", "agent")["rows"], document(find)["rows"]
    assert document(find, "--by", "agent", "-n", "2")["rows"] == agents[:2]
    assert document(find, "-n", "2")["rows"] == months[-2:]
    assert f"and {len(agents) - 2} more" in find("stats", "--by", "agent", "-n", "2").out


def test_for_the_eye(find: Run) -> None:
    """All of it on one line, months as a line of heights, and a bar for each row."""
    head, _, heights, _, columns, *lines = find("stats").out.splitlines()
    assert head == "126 conversations · 3:27:03 in all · 1:38 on average"
    assert set(heights) <= set("▁▂▃▄▅▆▇█ ")
    assert len(heights) == len(lines) == 12
    assert columns.split() == ["month", "count", "share", "average", "in", "all"]
    assert lines[1].split()[:3] == ["2026-01", "12", "9.5%"]
    bars = [line.count("█") for line in lines]
    assert max(bars) == bars[1]


def test_for_the_eye_with_a_query(find: Run) -> None:
    """It says of how many."""
    out = find("stats", "charged").out
    assert out.startswith("11 conversations of 126, 8.7% · ")
    assert "25.0% of 8" in out


def test_nothing_found(find: Run) -> None:
    """Nothing found is no error."""
    assert find("stats", "xylophonist") == (0, "0 conversations of 126, 0.0%\n", "")
    assert document(find, "xylophonist")["rows"] == []


def test_without_an_index(run: Run, copied: Archive) -> None:
    """Everything is counted without one; a query needs it."""
    import shutil

    shutil.rmtree(copied.directory / "index")
    assert run("-a", copied.directory, "stats").code == 0
    refused = run("-a", copied.directory, "stats", "charged")
    assert (refused.code, refused.out) == (1, "")


def test_what_is_not_indexed_is_told(run: Run, copied: Archive) -> None:
    """As in a search, what could not be looked at is counted."""
    with copied.writing("test") as connection:
        connection.execute(
            "INSERT INTO index_queue (conversation) SELECT key FROM conversations LIMIT 2"
        )
    ran = run("-a", copied.directory, "stats", "charged", "--json")
    assert json.loads(ran.out)["unindexed"] == 2
    assert "2 conversations stored and not yet indexed" in ran.err


def test_an_unknown_axis(find: Run, synced: Archive) -> None:
    """It is wrong usage, and what there is is named."""
    assert find("stats", "--by", "moon").code == 2
    with pytest.raises(UsageError, match="month, agent"):
        synced.stats(by="moon")


@pytest.mark.parametrize("by", AXES)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_on_a_terminal(on_terminal: Run, hostile: Path, by: str, columns: int) -> None:
    """Not wider than the screen, and nothing that drives it."""
    for query in ("", "zebra"):
        screen = on_terminal("-a", hostile, "stats", query, "--by", by, columns=columns)
        assert screen.code == 0
        assert max(map(cell_len, screen.plain.split("\n"))) <= columns
        assert not set(screen.plain) & {"\x1b", "\x9b", "\r", "\u202e"}


def test_the_bars_of_a_terminal(on_terminal: Run, synced: Archive) -> None:
    """They are as wide as the screen leaves room, and there without colours, too."""
    coloured = on_terminal("-a", synced.directory, "stats")
    plain = on_terminal("-a", synced.directory, "stats", env={"NO_COLOR": "1"})
    assert plain.text == coloured.plain != coloured.text
    assert max(map(cell_len, plain.text.split("\n"))) == 80


def test_first_and_last_days_of_the_calendar(copied: Archive) -> None:
    """What a vendor may say of a start, however odd, is counted."""
    with copied.writing("test") as connection:
        for key, start in ((1, "0001-01-01T00:00:00Z"), (2, "9999-12-31T23:59:59Z")):
            connection.execute(
                "UPDATE conversations SET started_at = ? WHERE key = ?", (start, key)
            )
        for hours in (-12, 0, 14):
            found = stats_of(connection, [1, 2], "month", timezone(timedelta(hours=hours)))
            assert found.rows[0].value == "0001-01"
            assert found.rows[-1].value == "9999-12"
