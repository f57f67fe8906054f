"""One bad conversation stops nothing; an outage stops at once; neither costs what is stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sync.vendor import Listener, Shelf, dump, moment, rising

from convarchive.errors import (
    ArchiveError,
    Interrupted,
    KeyRefused,
    UnexpectedAnswer,
    Unreachable,
    VendorError,
)
from convarchive.model import Recording
from convarchive.sources.ayra import normalise
from convarchive.sources.base import Fetched, Page
from convarchive.store import clock, coverage, owed
from convarchive.store.ingest import unpack
from convarchive.store.mirror import ATTEMPTS


@pytest.fixture
def shelf() -> Shelf:
    """Forty conversations, ten to a page."""
    shelf = Shelf(10)
    for identifier, start in rising(40):
        shelf.put(identifier, start)
    return shelf


def poison(body: bytes | None = b"<html>") -> VendorError:
    """What a conversation raises that cannot be read."""
    error = UnexpectedAnswer("The answer is not the JSON that it should be.")
    error.body = body
    return error


def failing() -> UnexpectedAnswer:
    """What a server raises that has lost its database."""
    error = UnexpectedAnswer("https://api.example answered 500.")
    error.outage = True
    error.body = b"{}"
    return error


class Unlucky(Shelf):
    """Has one conversation no more when it is asked for."""

    def __init__(self, size: int, gone: str) -> None:
        super().__init__(size)
        self.gone = gone

    def fetch(self, conversation_id: str) -> Fetched | None:
        """One of the others."""
        return None if conversation_id == self.gone else super().fetch(conversation_id)


def problems(listen: Listener) -> list[tuple[str, str, int]]:
    """Id, stage and attempts of every problem."""
    return [(one.id, one.stage, one.attempts) for one in owed.problems(listen.connection, "ayra")]


def test_a_poisoned_conversation(listen: Listener, shelf: Shelf) -> None:
    """Is a problem with the bytes that came; all others are stored, and the report says that it
    is not complete."""
    shelf.broken["conv_007"] = poison()
    report = listen(shelf)
    assert listen.stored() == [each for each, _ in rising(40) if each != "conv_007"]
    assert (report.new, report.problems, report.complete) == (39, 1, False)
    assert problems(listen) == [("conv_007", "read", 1)]
    message, body = listen.connection.execute("SELECT message, body FROM problems").fetchone()
    assert unpack(body) == b"<html>"
    assert message == "The answer is not the JSON that it should be."


def test_it_is_tried_again(listen: Listener, shelf: Shelf) -> None:
    """By each sync once, some times, and then left to the user; nothing else is asked for."""
    shelf.broken["conv_007"] = poison()
    listen(shelf)
    tries = []
    for _ in range(ATTEMPTS + 1):
        shelf.fetched.clear()
        assert not listen(shelf).complete
        tries.append(shelf.fetched.copy())
    assert tries == [["conv_007"]] * (ATTEMPTS - 1) + [[], []]
    owed.forgive(listen.connection, clock.now())
    shelf.fetched.clear()
    listen(shelf)
    assert shelf.fetched == ["conv_007"]


def test_it_gets_well(listen: Listener, shelf: Shelf) -> None:
    """The problem is gone with the first time that it is had."""
    shelf.broken["conv_007"] = poison()
    listen(shelf)
    del shelf.broken["conv_007"]
    report = listen(shelf)
    assert (report.new, report.problems, report.complete) == (1, 0, True)
    assert len(listen.stored()) == 40


def test_a_change_that_is_poisoned(listen: Listener, shelf: Shelf) -> None:
    """Leaves the state before as it was, until it can be read."""
    listen(shelf)
    shelf.put("conv_007", moment(minutes=7), summary="Changed.")
    shelf.broken["conv_007"] = poison()
    assert listen(shelf).problems == 1
    query = "SELECT summary, revision FROM conversations WHERE id = 'conv_007'"
    assert listen.connection.execute(query).fetchone() == (None, 1)
    del shelf.broken["conv_007"]
    assert listen(shelf).complete
    assert listen.connection.execute(query).fetchone() == ("Changed.", 2)


def test_everything_poisoned(listen: Listener, shelf: Shelf) -> None:
    """Not one can be read: all are problems, and the list is walked to its end."""
    shelf.broken = {identifier: poison() for identifier in shelf.calls}
    report = listen(shelf)
    assert (report.listed, report.new, report.problems) == (40, 0, 40)
    shelf.broken = {}
    assert listen(shelf).complete
    assert len(listen.stored()) == 40


@pytest.mark.parametrize("count", [1, 4])
def test_some_that_cannot_be_reached(listen: Listener, shelf: Shelf, count: int) -> None:
    """Are problems like the poisoned."""
    for number in range(count):
        shelf.broken[f"conv_{number:03}"] = Unreachable("It timed out.")
    report = listen(shelf)
    assert (report.new, report.problems) == (40 - count, count)
    assert {stage for _, stage, _ in problems(listen)} == {"fetch"}


def test_an_outage(listen: Listener, shelf: Shelf) -> None:
    """Five in a row that cannot be reached: the sync stops, asks for hardly more, and the next one
    has everything."""
    listen(shelf, limit=12)
    shelf.broken = {identifier: Unreachable("It timed out.") for identifier in shelf.calls}
    shelf.fetched.clear()
    with pytest.raises(Unreachable, match="timed out"):
        listen(shelf)
    assert len(shelf.fetched) < 30
    assert not listen.report.complete
    shelf.broken = {}
    assert listen(shelf).complete
    assert len(listen.stored()) == 40
    assert problems(listen) == []


def test_an_outage_that_lasts(listen: Listener, shelf: Shelf) -> None:
    """Over more syncs than a poisoned conversation is tried: none of those that stood in its way
    is given up, or counted as a problem."""
    listen(shelf, limit=12)
    shelf.broken = {identifier: failing() for identifier in shelf.calls}
    for _ in range(ATTEMPTS + 1):
        with pytest.raises(UnexpectedAnswer):
            listen(shelf)
    assert problems(listen) == []
    shelf.broken = {}
    assert listen(shelf).complete
    assert len(listen.stored()) == 40


def test_many_that_fail_while_others_do_not(listen: Listener, shelf: Shelf) -> None:
    """Are no outage: one that could be had before still can. The rest is stored."""
    listen(shelf, limit=5)
    sick = [f"conv_{number:03}" for number in range(8, 23)]
    shelf.broken = {identifier: failing() for identifier in sick}
    report = listen(shelf)
    assert (report.new, report.problems) == (20, 15)
    assert [identifier for identifier, _, _ in problems(listen)] == sick


def test_listed_and_gone(listen: Listener, shelf: Shelf) -> None:
    """What is deleted between the list and its turn is a problem; once that is confirmed it is
    still named, is asked for no more, and no longer keeps the syncs from being whole."""
    gone = Unlucky(10, "conv_007")
    gone.calls = shelf.calls
    assert [listen(gone).problems for _ in range(3)] == [1, 0, 0]
    assert problems(listen) == [("conv_007", "gone", 2)]
    missing = coverage.missing(listen.connection)
    assert [(one.id, one.state) for one in missing] == [("conv_007", "failed")]


def test_an_outage_of_the_list(listen: Listener, shelf: Shelf) -> None:
    """Half way: what was listed before is stored, and the next sync goes on from there."""

    def fail(request: int) -> None:
        if request == 2:
            raise Unreachable("It timed out.")

    shelf.before_list = fail
    with pytest.raises(Unreachable):
        listen(shelf)
    shelf.before_list = lambda _: None
    stored = listen.stored()
    assert 10 <= len(stored) < 40
    shelf.fetched.clear()
    assert listen(shelf).complete
    assert len(listen.stored()) == 40
    assert set(shelf.fetched).isdisjoint(stored)


@pytest.mark.parametrize("error", [Interrupted("Interrupted."), KeyRefused("Revoked.")])
def test_an_end_in_the_middle(
    listen: Listener, shelf: Shelf, error: Interrupted | KeyRefused
) -> None:
    """By the user, or by a key that was revoked: what had come is stored, nothing is a problem, and
    the next sync has the rest and fetches nothing twice but what was under way."""
    shelf.broken["conv_017"] = error
    with pytest.raises(type(error)):
        listen(shelf)
    assert problems(listen) == []
    stored = listen.stored()
    assert "conv_016" in stored
    assert len(stored) < 40
    shelf.broken.clear()
    shelf.fetched.clear()
    assert listen(shelf).complete
    assert len(listen.stored()) == 40
    assert set(shelf.fetched).isdisjoint(stored)


def test_items_without_an_id(listen: Listener) -> None:
    """Are problems with the bytes that came, and once each however often they are listed."""

    class Mumbler(Shelf):
        def list(
            self, *, since: str | None, until: str | None, page: int, status: str | None = None
        ) -> Page:
            found = super().list(since=since, until=until, page=page, status=status)
            return found._replace(unreadable=(b'{"status":"completed"}', b"null"))

    mumbler = Mumbler(10)
    mumbler.put("conv_1", moment())
    for _ in range(2):
        report = listen(mumbler)
        assert (report.problems, report.complete) == (2, False)
    assert listen.stored() == ["conv_1"]
    bodies = listen.connection.execute("SELECT body FROM problems WHERE stage = 'list'").fetchall()
    assert {unpack(body) for (body,) in bodies} == {b'{"status":"completed"}', b"null"}


def test_a_list_that_repeats_itself(listen: Listener) -> None:
    """Is given up, with what it has said stored."""

    class Parrot(Shelf):
        def list(
            self, *, since: str | None, until: str | None, page: int, status: str | None = None
        ) -> Page:
            return super().list(since=None, until=None, page=1)

    parrot = Parrot(10)
    for identifier, start in rising(40):
        parrot.put(identifier, start)
    with pytest.raises(UnexpectedAnswer, match="repeats itself"):
        listen(parrot)
    assert len(listen.stored()) == 10
    assert not listen.report.complete


@pytest.mark.parametrize("count", [7, 10, 40])
def test_a_list_of_nothing_but_ids(listen: Listener, count: int) -> None:
    """Everything is fetched by every sync, since it may have changed; nothing is stored twice, a
    change is noticed, and a new conversation, too."""

    class Laconic(Shelf):
        def list(
            self, *, since: str | None, until: str | None, page: int, status: str | None = None
        ) -> Page:
            found = super().list(since=None, until=None, page=page)
            return found._replace(
                items=tuple(
                    item._replace(started_at=None, status="unknown", fingerprint=None)
                    for item in found.items
                )
            )

    laconic = Laconic(10)
    for identifier, start in rising(count):
        laconic.put(identifier, start)
    assert listen(laconic).new == count
    before = listen.connection.execute("SELECT * FROM revisions").fetchall()
    report = listen(laconic)
    assert (report.unchanged, report.new, report.changed) == (count, 0, 0)
    assert listen.connection.execute("SELECT * FROM revisions").fetchall() == before
    laconic.put("conv_003", moment(minutes=3), summary="Changed.")
    laconic.put("conv_new", moment(days=1))
    report = listen(laconic)
    assert (report.new, report.changed, report.complete) == (1, 1, True)


def test_values_beyond_measure(listen: Listener) -> None:
    """Whatever a payload holds, it can be stored, and the next sync finds it unchanged."""
    bodies = [
        b'{"id": "conv_0", "summary": "\\ud800 \\u0000 \xff", "topics": ["\\udfff", "\\u0000"]}',
        b'{"id": "conv_1", "duration": 1e999, "quality": {"mos": NaN, "x": [1e999, -1e999]}}',
        b'{"id": "conv_2", "start_time": ' + b"9" * 5000 + b', "actions": [' + b"8" * 400 + b"]}",
        b'{"id": "conv_3", "errors": ' + b"[" * 90 + b"]" * 90 + b"}",
        b'\xef\xbb\xbf{"id": "conv_4", "transcript": [{"text": "a\\u0000b", "timestamp": 1e308}]}',
    ]

    class Wild(Shelf):
        def fetch(self, conversation_id: str) -> Fetched | None:
            body = bodies[int(conversation_id[-1])]
            documents = {"detail": body}
            call = normalise("ayra", documents)
            return Fetched(call, f"fingerprint of {call.id}", tuple(documents.items()))

    wild = Wild(10)
    for number in range(len(bodies)):
        wild.put(f"conv_{number}", moment(minutes=number))
    assert listen(wild).new == len(bodies)
    for number, body in enumerate(bodies):
        query = "SELECT body FROM documents JOIN conversations ON key = conversation WHERE id = ?"
        (kept,) = listen.connection.execute(query, (f"conv_{number}",)).fetchone()
        assert unpack(kept) == body
    assert listen.connection.execute("SELECT count(*) FROM conversation_topics").fetchone() == (2,)
    for column in ("actions", "quality", "errors", "topics"):
        query = f"SELECT count(*) FROM conversations WHERE {column} IS NOT NULL"
        valid = f"{query} AND json_valid({column})"
        counts = [listen.connection.execute(each).fetchone() for each in (query, valid)]
        assert counts[0] == counts[1]
    before = dump(listen.connection)
    assert listen(wild).complete
    assert dump(listen.connection) == before


def test_a_recording_that_cannot_be_written(listen: Listener, shelf: Shelf, tmp_path: Path) -> None:
    """Ends the sync with an error in plain words; what had come by then is stored."""
    (tmp_path / "listener" / "recordings").write_text("not a directory")
    shelf.put("conv_007", moment(minutes=7), recording=Recording("https://a"))
    shelf.sounds["https://a"] = b"RIFF"
    with pytest.raises(ArchiveError, match="cannot be written"):
        listen(shelf)
    assert "conv_007" in listen.stored()
    (tmp_path / "listener" / "recordings").unlink()
    assert listen(shelf).complete
    assert len(listen.stored()) == 40
