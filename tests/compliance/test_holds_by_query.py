"""Holds that have a query: what joins them, when, and what never changes them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.store.conversations import call, received

from convarchive import Archive, searches
from convarchive.compliance import holds
from convarchive.errors import ConvarchiveError, IndexUnusable, NotFound, SomeFailed, UsageError
from convarchive.model import Conversation, Turn
from convarchive.sandbox import Sandbox
from convarchive.store import clock, ledger, mirror
from convarchive.store.database import transaction
from convarchive.store.ingest import ingest


@pytest.fixture
def mine(tmp_path: Path) -> Archive:
    """An archive with a call about a refund and one about an invoice."""
    archive = Archive.create(tmp_path / "mine")
    store(archive, said("refund_1", "A refund, please"), said("invoice_1", "My invoice"))
    return archive


def said(identifier: str, text: str) -> Conversation:
    """A call in which this is said."""
    return call(identifier, topics=(), turns=(Turn(0, "customer", "customer", text),))


def store(archive: Archive, *calls: Conversation) -> list[int]:
    """Store calls as a sync does, without the index; their keys."""
    with archive.writing("test") as connection, transaction(connection):
        mirror.add_source(connection, "ayra", "ayra", clock.now())
        batch = [received(each, state=repr(each.turns)) for each in calls]
        return [outcome.key for outcome in ingest(connection, batch)]


def take_in_new(archive: Archive) -> int:
    """What whoever destroys something does before."""
    with archive.writing("test") as connection:
        return holds.take_in_new(connection, archive.directory)


def held(archive: Archive, name: str) -> set[str]:
    """The ids of what a hold protects."""
    return {conversation.id for _, conversation in archive.held(archive.hold(name))}


def test_what_matches_is_held(mine: Archive) -> None:
    """Also what is not in the index yet when the hold is placed."""
    hold = mine.place_hold("refunds", query="refund", reason="r")
    assert hold.conversations == 1
    assert held(mine, "refunds") == {"refund_1"}


def test_what_is_named_is_held_too(mine: Archive) -> None:
    """By whole ids, with the source, or by the beginning of one."""
    mine.place_hold("both", query="refund", ids=["ayra/invoice_1"], reason="r")
    assert held(mine, "both") == {"refund_1", "invoice_1"}


def test_new_matches_join(mine: Archive) -> None:
    """What has come to match by itself or by a new revision, and is asked for right before
    something is destroyed; it is counted once."""
    mine.place_hold("refunds", query="refund", reason="r")
    store(mine, said("refund_2", "Refunded?"), said("invoice_1", "No invoice but a refund"))
    assert take_in_new(mine) == 2
    assert take_in_new(mine) == 0
    assert held(mine, "refunds") == {"refund_1", "refund_2", "invoice_1"}


def test_members_stay(mine: Archive) -> None:
    """What does not match any more is held all the same."""
    mine.place_hold("refunds", query="refund", reason="r")
    store(mine, said("refund_1", "Nothing of the kind"))
    take_in_new(mine)
    assert mine.count("refund") == 0
    assert held(mine, "refunds") == {"refund_1"}


def test_nothing_joins_what_is_released(mine: Archive) -> None:
    """Its members stay what they were."""
    mine.place_hold("refunds", query="refund", reason="r")
    mine.release_hold("refunds", reason="r")
    store(mine, said("refund_2", "Refund"))
    assert take_in_new(mine) == 0
    assert held(mine, "refunds") == {"refund_1"}


def test_nothing_joins_what_has_no_query(mine: Archive) -> None:
    """A hold on named conversations takes no index: there need not even be one."""
    mine.place_hold("named", ids=["refund_1"], reason="r")
    assert take_in_new(mine) == 0
    assert not (mine.directory / "index").exists()


def test_a_saved_search_is_written_out(mine: Archive) -> None:
    """Who edits it afterwards does not change what is held."""
    searches.save(mine.directory, "mine", "refund", mine.parse)
    mine.place_hold("refunds", query="@mine", reason="r")
    searches.save(mine.directory, "mine", "nothing", mine.parse)
    store(mine, said("refund_2", "Refund"))
    assert take_in_new(mine) == 1
    assert mine.hold("refunds").query == "refund"


def test_dates_that_count_from_now(mine: Archive) -> None:
    """Are those of when the hold was placed."""
    before = datetime.now(UTC)
    hold = mine.place_hold("month", query="since:30d", reason="r")
    moment = datetime.fromisoformat((hold.query or "").removeprefix("since:"))
    assert timedelta(0) <= moment - (before - timedelta(days=30)) < timedelta(minutes=5)


def test_a_text_that_looks_like_a_saved_search(mine: Archive) -> None:
    """Is looked for as text, then and later."""
    store(mine, said("at_1", "Write to @refunds"))
    mine.place_hold("text", query='"@refunds"', reason="r")
    store(mine, said("at_2", "Ask @refunds"))
    assert take_in_new(mine) == 1


@pytest.mark.parametrize("query", ["is:held", "refund -is:held", "(a OR (b -(c is:held)))"])
def test_a_hold_on_what_is_held(mine: Archive, query: str) -> None:
    """Is refused, since it would depend on itself."""
    with pytest.raises(UsageError, match="is:held"):
        mine.place_hold("circle", query=query, reason="r")


@pytest.mark.parametrize(
    "given",
    [
        {"name": " "},
        {"name": "a\nb"},
        {"name": "a\x1b[2J"},
        {"name": "x" * 101},
        {"reason": ""},
        {"reason": "\udcff"},
        {"matter": " "},
        {"query": " "},
        {"query": None},
    ],
)
def test_what_will_not_do(mine: Archive, given: dict[str, str | None]) -> None:
    """Is refused in a sentence, and nothing is written."""
    wanted = {"name": "A-1", "query": "refund", "reason": "r"} | given
    before = ledger.size(mine._connection())
    with pytest.raises(UsageError):
        mine.place_hold(wanted.pop("name") or "", **wanted)  # type: ignore[arg-type]
    assert ledger.size(mine._connection()) == before


def test_an_id_that_is_not_there(mine: Archive) -> None:
    """No hold is placed on a part of what was asked for."""
    with pytest.raises(NotFound):
        mine.place_hold("A-1", ids=["refund_1", "refund_9"], reason="r")
    assert mine.holds() == []


def test_who_places_it(mine: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user and the machine, but for somebody who is named."""
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    monkeypatch.setattr("platform.node", lambda: "legal-7")
    assert mine.place_hold("A", query="*", reason="r").placed_by == "ann@legal-7"
    assert mine.release_hold("A", reason="r").released_by == "ann@legal-7"
    assert mine.place_hold("B", query="*", reason="r", by="Counsel").placed_by == "Counsel"


def break_index(archive: Archive) -> None:
    """Let there be no way to make an index."""
    shutil.rmtree(archive.directory / "index", ignore_errors=True)
    (archive.directory / "index").write_text("in the way")
    (archive.directory / "index.new").write_text("in the way")


def test_without_an_index(mine: Archive) -> None:
    """Nothing is placed on less than all that matches; and what would destroy something fails."""
    mine.place_hold("refunds", query="refund", reason="r")
    break_index(mine)
    with pytest.raises(IndexUnusable):
        mine.place_hold("invoices", query="invoice", reason="r")
    with pytest.raises(ConvarchiveError, match="cannot be known what the hold 'refunds' protects"):
        take_in_new(mine)
    assert [hold.name for hold in mine.holds()] == ["refunds"]


def jsonl(path: Path, calls: Sequence[Conversation]) -> Path:
    """A file that an import takes."""
    from convarchive.cli.output import dumped
    from convarchive.model import record

    path.write_text("\n".join(dumped(record(each)) for each in calls))
    return path


def test_an_import_lets_new_matches_join(mine: Archive, tmp_path: Path) -> None:
    """At its end."""
    mine.place_hold("refunds", query="refund", reason="r")
    report = mine.import_files([jsonl(tmp_path / "new.jsonl", [said("refund_2", "Refund")])])
    assert (report.new, report.unkept) == (1, None)
    assert held(mine, "refunds") == {"refund_1", "refund_2"}


def test_a_rebuild_lets_new_matches_join(mine: Archive) -> None:
    """What it reads differently may match."""
    mine.place_hold("refunds", query="refund", reason="r")
    store(mine, said("refund_2", "Refund"))
    mine.rebuild()
    assert "refund_2" in held(mine, "refunds")


def test_a_sync_lets_new_matches_join(archive: Archive, sandbox: Sandbox) -> None:
    """At its end, but for a dry run."""
    archive.place_hold("all", query="*", reason="r")
    from convarchive.sync.engine import Options

    archive.sync(options=Options(dry_run=True))
    assert archive.hold("all").conversations == 0
    report = archive.sync()
    assert report.unkept is None
    assert archive.hold("all").conversations == archive.count("is:held") == archive.count() > 100


def test_a_sync_says_what_could_not_join(
    archive: Archive, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored is stored, and the report has the error, with the hold's name."""
    archive.place_hold("refunds", query="refund*", reason="r")

    def refuse(*_args: object) -> None:
        raise UsageError("Too many different words begin so.")

    monkeypatch.setattr("convarchive.index.reader.Reader.keys", refuse)
    report = archive.sync()
    assert report.complete
    assert isinstance(report.unkept, SomeFailed)
    assert "'refunds'" in report.unkept.why
    assert report.to_json()["evidence_error"]
