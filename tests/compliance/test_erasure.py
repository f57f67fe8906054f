"""Erasing a person: nothing of them is left, nothing else is touched, and it stays so."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import KEPT, OTHER, PERSON, RARE, THEIRS, WRITINGS
from tests.store.conversations import call, received

from convarchive import Archive, settings
from convarchive.compliance.mentions import Mentions, same_caller
from convarchive.errors import NotFound, PlanChanged, Protected, Unfinished, UsageError
from convarchive.export import export
from convarchive.export.selection import Selection
from convarchive.sandbox import Sandbox
from convarchive.store import clock, holds, owed
from convarchive.store.database import transaction
from convarchive.store.holds import Placing
from convarchive.store.ingest import ingest
from convarchive.sync.engine import Options

Made = tuple[Sandbox, Archive]


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("erasure") / "archive")


@pytest.fixture
def archive(mirrored: Made, tmp_path: Path) -> Iterator[Archive]:
    """An archive in which two conversations are of the person who asks to be forgotten."""
    mirrored[1].close()
    with Archive.open(shutil.copytree(mirrored[1].directory, tmp_path / "archive")) as copied:
        yield copied


@pytest.fixture
def vendor(mirrored: Made) -> Sandbox:
    """That which the archive mirrors."""
    return mirrored[0]


def erase(archive: Archive, *, reason: str = "Request 17") -> None:
    """Erase the person."""
    archive.erase(archive.plan_erasure(callers=[PERSON]), reason=reason)


def test_no_byte_is_left(archive: Archive) -> None:
    """No id, sentence, rare word, number or sound is in any file, packed or not."""
    sought = graveyard.everything_of_theirs()
    for each in sought:
        if each not in WRITINGS[2:]:
            assert graveyard.traces(archive.directory, [each]), each
    erase(archive)
    archive.close()
    assert graveyard.traces(archive.directory, sought) == []


@pytest.mark.parametrize(
    "word",
    [*RARE[:4], f"topic:{RARE[4]}", *WRITINGS, f"caller:{PERSON}", f"id:{THEIRS[0]}", "zymurgi~"],
)
def test_no_query_finds_it(archive: Archive, word: str) -> None:
    """The index was made anew, and has no word of it."""
    assert archive.count(word) > 0
    erase(archive)
    assert archive.count(word) == 0


def test_the_others_stay(archive: Archive) -> None:
    """What others have said stays as it was, and so does a recording that one of them has, too."""
    before = {kept: archive.show(kept) for kept in KEPT}
    erase(archive)
    assert graveyard.ids(archive) == set(KEPT)
    assert {kept: archive.show(kept) for kept in KEPT} == before
    shared = before[KEPT[0]].recording
    assert shared is not None
    assert shared.sha256 is not None
    path = archive.recording(shared.sha256)
    assert path is not None
    assert path.read_bytes() == graveyard.SHARED_SOUND


@pytest.mark.parametrize("full", [False, True])
def test_a_sync_does_not_bring_it_back(archive: Archive, vendor: Sandbox, full: bool) -> None:
    """The vendor still lists both; they are left out, and nothing is missing for that."""
    erase(archive)
    report = archive.sync(options=Options(full=full))
    assert (report.complete, report.sources[0].problems) == (True, 0)
    if full:
        assert (report.sources[0].erased, report.sources[0].listed) == (2, len(KEPT))
    assert graveyard.ids(archive) == set(KEPT)
    assert archive.coverage().complete
    archive.close()
    assert graveyard.traces(archive.directory, THEIRS) == []


def test_a_preview_does_not_count_it_as_new(archive: Archive) -> None:
    """What a sync would leave out is not announced."""
    erase(archive)
    report = archive.sync(options=Options(full=True, dry_run=True)).sources[0]
    assert (report.new, report.erased) == (0, 2)


def test_an_import_does_not_bring_it_back(archive: Archive, tmp_path: Path) -> None:
    """An export of before is taken in but for what was erased, and that is said."""
    path = tmp_path / "before.jsonl"
    keys = archive.keys("")
    chosen = Selection(
        "", "archive", len(keys), lambda: archive.conversations(keys), archive.documents
    )
    export(chosen, "jsonl", path)
    erase(archive)
    said: list[str] = []
    report = archive.import_files([path], tell=said.append)
    assert (report.erased, report.new, report.complete) == (2, 0, True)
    assert sum("was erased here" in each for each in said) == 2
    assert graveyard.ids(archive) == set(KEPT)


def test_a_new_call_of_theirs_is_taken_in(archive: Archive, vendor: Sandbox) -> None:
    """What was erased are conversations, and not a person for all time."""
    erase(archive)
    vendor.upstream.put(graveyard.payload("conv_later", graveyard.moment(days=9)))
    try:
        assert archive.sync().complete
        assert "conv_later" in graveyard.ids(archive)
        (key,) = archive._connection().execute(
            "SELECT key FROM conversations WHERE id = 'conv_later'"
        ).fetchone()  # fmt: skip
        assert key > max(k for (k,) in archive._connection().execute(
            "SELECT conversation FROM tombstones"))  # fmt: skip
    finally:
        vendor.upstream.remove("conv_later")


def test_a_problem_that_names_the_person_goes(archive: Archive) -> None:
    """Bytes that came and could not be stored can have the number in them; others stay."""
    with archive.writing("test") as connection, transaction(connection):
        told = f'{{"caller": "{WRITINGS[2]}"}}'.encode()
        for name, body in (("a", told), (THEIRS[0], b"{}"), ("c", b"{}")):
            owed.note_problem(connection, "ayra", name, "read", "odd", clock.now(), body)
    erase(archive)
    assert [problem.id for problem in archive.problems()] == ["c"]


def test_the_number_of_one_who_stays_is_left(archive: Archive) -> None:
    """Who asks for one call to be erased is still the caller of the other."""
    with archive.writing("test") as connection, transaction(connection):
        told = f'{{"caller": "{PERSON}"}}'.encode()
        owed.note_problem(connection, "ayra", "a", "read", "odd", clock.now(), told)
    archive.erase(archive.plan_erasure([THEIRS[1]]), reason="Request 18")
    assert [problem.id for problem in archive.problems()] == ["a"]
    assert graveyard.ids(archive) == {THEIRS[0], *KEPT}


def hold(archive: Archive, key: int | None, query: str | None = None) -> None:
    """Place a hold that has one member, or a query that nobody has asked yet."""
    with archive.writing("test") as connection, transaction(connection):
        number = holds.place(connection, Placing("smith", query, "suit", None, "us", clock.now()))
        if key is not None:
            holds.take_in(connection, number, [key], clock.now())


@pytest.mark.parametrize("by_query", [False, True])
def test_a_hold_forbids_all_of_it(archive: Archive, by_query: bool) -> None:
    """One conversation under a hold, and nothing is erased; nor if the hold's query matches it
    only by now."""
    if by_query:
        hold(archive, None, f"id:{THEIRS[1]}")
    else:
        hold(archive, archive.find(THEIRS[1]))
    before = archive.show(THEIRS[0]), archive.show(THEIRS[1])
    with pytest.raises(Protected, match=r"1 of 2.*conv_theirs_2 is under the legal hold 'smith'"):
        erase(archive)
    assert (archive.show(THEIRS[0]), archive.show(THEIRS[1])) == before


def test_a_hold_that_is_released_forbids_nothing(archive: Archive) -> None:
    """It protected them once; what it says of them is forgotten with them."""
    hold(archive, archive.find(THEIRS[1]), f"caller:{PERSON}")
    with archive.writing("test") as connection, transaction(connection):
        holds.release(connection, "smith", reason="settled", by="us", at=clock.now())
    erase(archive)
    assert graveyard.ids(archive) == set(KEPT)
    archive.close()
    assert graveyard.traces(archive.directory, [PERSON, *WRITINGS]) == []


@pytest.mark.parametrize(
    ("keep", "base", "why"),
    [("100y", "start", "must be kept until 2126-03-01"), ("9y", "end", "must be kept until 2035")],
)
def test_a_floor_forbids_it(archive: Archive, keep: str, base: str, why: str) -> None:
    """What must be kept can't be erased, and it is said until when."""
    table = {"query": "topic:brobdingnagian", "keep": keep, "from": base}
    settings.put(archive.directory, "retention", "odd", table)
    with pytest.raises(Protected, match=f"2 of 2.*{why}"):
        erase(archive)
    assert graveyard.ids(archive) == {*THEIRS, *KEPT}


def test_who_searched_for_them_is_forgotten(archive: Archive) -> None:
    """Queries with the number or an id, in the log and still waiting to be; others stay."""
    path = archive.directory / settings.FILE
    path.write_text("access_log = true\n" + path.read_text())
    for query in (f"caller:{PERSON}", WRITINGS[2], f"ayra/{THEIRS[0]}", "refund"):
        archive.note_access("search", query, conversations=1)
    with archive.writing("test"):  # so that the next one has to wait
        archive.note_access("search", WRITINGS[3], conversations=1)
    erase(archive)
    connection = archive._connection()
    queries = [query for (query,) in connection.execute("SELECT query FROM access_log")]
    assert sorted(queries, key=str) == [None, None, None, None, "refund"]
    archive.close()
    assert graveyard.traces(archive.directory, graveyard.everything_of_theirs()) == []


def test_a_floor_that_has_passed_forbids_nothing(archive: Archive) -> None:
    """A week after calls of long ago."""
    settings.put(archive.directory, "retention", "odd", {"query": "*", "keep": "1w"})
    erase(archive)
    assert graveyard.ids(archive) == set(KEPT)


def test_an_unknown_id_leaves_the_others(archive: Archive) -> None:
    """One of two is not there: nothing is erased."""
    with pytest.raises(NotFound):
        archive.plan_erasure([THEIRS[0], "conv_nowhere"])


def test_the_beginning_of_an_id_will_not_do(archive: Archive) -> None:
    """Not while it is that of one conversation, and not when that one is gone: who runs the same
    again must not erase another, whose id begins with it."""
    with archive.writing("test") as connection, transaction(connection):
        ingest(connection, [received(call(f"{THEIRS[0]}23"))])
    with pytest.raises(NotFound, match="named in full"):
        archive.plan_erasure([f"{THEIRS[0]}2"])
    archive.erase(archive.plan_erasure([THEIRS[0]]), reason="Request 17")
    for name in (THEIRS[0], f"ayra/{THEIRS[0]}"):
        with pytest.raises(NotFound, match="destroyed already"):
            archive.plan_erasure([name])
    assert f"{THEIRS[0]}23" in graveyard.ids(archive)


def test_by_source_and_id(archive: Archive) -> None:
    """As everywhere."""
    assert [each.id for each in archive.plan_erasure([f"ayra/{THEIRS[0]}"]).doomed] == [THEIRS[0]]


@pytest.mark.parametrize("number", ["+1555014223", "5550142233", "0142233", "+4415550142233", "x"])
def test_a_number_is_matched_exactly(archive: Archive, number: str) -> None:
    """The beginning or the end of a number is somebody else's."""
    with pytest.raises(NotFound):
        archive.plan_erasure(callers=[number])


@pytest.mark.parametrize("number", ["+1 (555) 014-2233", "0015550142233", " +1.555.014.2233 "])
def test_a_number_in_any_writing(archive: Archive, number: str) -> None:
    """How it is written does not matter."""
    assert {each.id for each in archive.plan_erasure(callers=[number]).doomed} == set(THEIRS)


def test_others_that_mention_the_number_are_named(archive: Archive, vendor: Sandbox) -> None:
    """They stay, and somebody should look at them."""
    told = graveyard.payload(KEPT[2], graveyard.moment(hours=10), caller_number=OTHER)
    vendor.upstream.put(told | {"summary": "Asked to ring 555 014 2233 instead."})
    try:
        archive.sync()
        plan = archive.plan_erasure(callers=[PERSON])
        assert [each.id for each in plan.mentioning] == [KEPT[2]]
    finally:
        vendor.upstream.put(told)


def test_a_plan_that_has_changed(archive: Archive, vendor: Sandbox) -> None:
    """A call that has come meanwhile was not agreed to: nothing is erased."""
    plan = archive.plan_erasure(callers=[PERSON])
    vendor.upstream.put(graveyard.theirs("conv_meanwhile", 1))
    try:
        archive.sync()
        with pytest.raises(PlanChanged):
            archive.erase(plan, reason="Request 17")
        assert {*THEIRS, "conv_meanwhile"} <= graveyard.ids(archive)
    finally:
        vendor.upstream.remove("conv_meanwhile")


@pytest.mark.parametrize(
    "reason", ["", " ", f"asked by {WRITINGS[2]}", f"about {THEIRS[0]}", "a\x1b[2J", "\udcff"]
)
def test_a_reason_that_would_keep_it(archive: Archive, reason: str) -> None:
    """The reason is kept for good, so it can't name what is erased."""
    with pytest.raises(UsageError):
        erase(archive, reason=reason)
    assert graveyard.ids(archive) == {*THEIRS, *KEPT}


def test_settings_that_name_the_person_are_said(archive: Archive) -> None:
    """The settings are the controller's own, and are not changed."""
    settings.put(archive.directory, "searches", "them", f"caller:{PERSON}")
    done = archive.erase(archive.plan_erasure(callers=[PERSON]), reason="Request 17")
    assert len(done.remains) == 1
    assert "convarchive.toml" in done.remains[0]


def test_a_reader_is_in_the_way(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program reads, the log can't be emptied: that is said, and owed."""
    from convarchive.compliance import destruction

    monkeypatch.setattr(destruction, "_PATIENCE", 50)
    reader = sqlite3.connect(archive.directory / "archive.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM turns").fetchone()
    with pytest.raises(Unfinished, match="Another program is reading"):
        erase(archive)
    assert graveyard.ids(archive) == set(KEPT)
    reader.close()
    archive.retry_problems()
    archive.close()
    assert graveyard.traces(archive.directory, graveyard.everything_of_theirs()) == []
    (finished,) = archive._connection().execute("SELECT finished_at FROM disposals").fetchone()
    assert finished is not None


def test_a_disk_without_room(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database can't be written anew: owed, and a sync goes on nevertheless."""
    usage = shutil.disk_usage(archive.directory)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1))
        with pytest.raises(Unfinished, match="no room"):
            erase(archive)
        assert archive.sync().complete
        with pytest.raises(Unfinished, match="no room"):
            archive.erase(archive.plan_erasure([KEPT[0]]), reason="Request 19")
    archive.retry_problems()
    assert len(list((archive.directory / "certificates").glob("*.json"))) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("call +1 (555) 014-2233.", True), ("555.014.2233", True), ("0015550142233", True),
        ("5550142234", False), ("995550142233", False), ("55501422331", False), ("", False),
        ("id conv_a here", True), ("id conv_b", False), ("id conv_ab", False), ("/conv_a.", True),
    ],
)  # fmt: skip
def test_what_mentions_a_number(text: str, found: bool) -> None:
    """In any writing, with the country's code or without, and never as a part of another."""
    assert Mentions(["conv_a"], [PERSON]).within(text.encode()) is found


def test_nobody_is_mentioned_by_a_word() -> None:
    """That a caller is anonymous is no name; an address is one."""
    assert not Mentions([], ["anonymous"]).within(b"an anonymous call")
    assert Mentions([], ["sip:jo@example.org"]).within(b"from <sip:jo@example.org>")


def test_short_ids_are_no_words(archive: Archive) -> None:
    """A conversation that an import has named ``5`` goes without what has a 5 in it."""
    hold(archive, None, "id:nowhere")
    with archive.writing("test") as connection, transaction(connection):
        ingest(connection, [received(call("5", caller_number="anonymous"))])
        holds.release(connection, "smith", reason="settled on 5 May", by="us", at=clock.now())
        owed.note_problem(connection, "ayra", "a", "read", "15 anonymous", clock.now(), b"[55]")
    archive.erase(archive.plan_erasure(["5"]), reason="Request 5a")
    assert [problem.id for problem in archive.problems()] == ["a"]
    (kept,) = archive.holds(released=True)
    assert kept.release_reason == "settled on 5 May"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+15550142233", "1 555 014 2233", True), ("anonymous", "Anonymous", True),
        ("sip:a@b", "sip:a@c", False), ("+441234567890", "+44 (0)1234 567890", True),
        ("555-CALL-NOW", "555-call-now", True), ("+15550142233", "anonymous", False),
    ],
)  # fmt: skip
def test_the_same_caller(one: str, other: str, same: bool) -> None:
    """Numbers by their digits, names by their letters."""
    assert same_caller(one, other) is same
