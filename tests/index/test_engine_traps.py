"""Where Tantivy answers another question than was asked, panics, or loses what it was given."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

import pytest
from tantivy import Query

from convarchive import Archive
from convarchive.errors import IndexUnusable, UsageError
from convarchive.index import documents, schema
from convarchive.index.reader import Reader
from convarchive.model import Conversation
from convarchive.query import tree

Ids = Callable[..., set[str]]


@pytest.mark.parametrize("duration", [1e300, -1e300, 1e17, -1.0, 0.0])
def test_an_absurd_number_loses_nothing(shelve, call, ids: Ids, duration: float) -> None:
    """A duration that no integer field can hold does not keep it or others from being found."""
    archive = shelve(
        call("odd", "customer: refund", duration=duration), call("even", "customer: refund")
    )
    assert ids(archive, "refund") == {"odd", "even"}
    assert archive.unindexed() == 0


@pytest.mark.parametrize("duration", [1e300, 1e17])
def test_an_absurd_duration_is_long(shelve, call, ids: Ids, duration: float) -> None:
    """It is longer than any other."""
    archive = shelve(call("odd", duration=duration), call("even", duration=60))
    assert ids(archive, "duration:>1h") == {"odd"}
    assert [one.id for one in archive.list("-x", sort="longest")] == ["odd", "even"]


def test_every_field_is_in_the_schema(call) -> None:
    """Tantivy drops fields that it does not know without a word, so none is unknown to it."""
    built = schema.build()
    everything = call(
        "c1",
        *("customer: a", "agent: b", "other: c"),
        summary="d",
        **dict.fromkeys(("agent_id", "caller_number", "outcome", "sentiment", "intent"), "e"),
        **dict.fromkeys(("topics", "keywords"), ("f",)),
        platform="g",
    )
    fields: set[str] = set()
    for language in (None, "pl", *schema.STEMMERS):
        fields |= documents.document(1, everything._replace(language=language)).keys()
    assert {"customer", "customer_de", "flag", "language", "started"} <= fields
    for field in fields - {"rowid", *schema.NUMBERS}:
        Query.term_query(built, field, "x")  # raises for an unknown field
    for field in ("rowid", *schema.NUMBERS):
        Query.term_query(built, field, 1)
    with pytest.raises(ValueError, match="not defined"):
        Query.term_query(built, "unknown", "x")


def test_an_error_commits_nothing(shelve, store, catch_up, call, ids: Ids) -> None:
    """Where one conversation can't be read, the index is as it was, and the queue is whole."""
    archive = shelve(call("before", "customer: refund"))
    store(archive, *(call(f"after{at}", "customer: refund") for at in range(3)))
    with archive.writing("test") as connection:
        connection.execute("UPDATE conversations SET topics = 'torn' WHERE id = 'after2'")
    with pytest.raises(IndexUnusable):
        catch_up(archive)
    assert archive.unindexed() == 3
    assert archive.count("refund") == 1
    with archive.writing("test") as connection:
        connection.execute("UPDATE conversations SET topics = '[]' WHERE id = 'after2'")
    assert catch_up(archive) == 3
    assert ids(archive, "refund") == {"before", "after0", "after1", "after2"}


@pytest.mark.parametrize("limit", [0, 1, 2, 5])
def test_a_limit_of_none_is_all(shelve, call, limit: int) -> None:
    """A limit of 0, which makes Tantivy panic, is no limit, also where nothing is found."""
    archive = shelve(*(call(f"c{at}", "customer: refund") for at in range(3)))
    found = archive.search("refund", limit=limit)
    assert (found.total, len(found.hits)) == (3, min(limit, 3) or 3)
    assert archive.search("nowhere", limit=limit).hits == []
    assert archive.search("refund", limit=limit, offset=3).hits == []


def test_a_phrase_of_one_word(shelve, call, ids: Ids) -> None:
    """A phrase of one word, which makes Tantivy panic, is the word."""
    archive = shelve(call("one", "customer: refunds"))
    assert ids(archive, '"refund"') == ids(archive, '"refund"~2') == {"one"}


@pytest.mark.parametrize(
    "query", ["* -voicemail", "-voicemail", "refund AND NOT voicemail", "NOT voicemail AND refund"]
)
def test_negation_beside_and(shelve, call, ids: Ids, query: str) -> None:
    """``A AND NOT B`` and ``NOT B AND A`` find something, unlike with Tantivy's own parser."""
    archive = shelve(call("a", "customer: refund"), call("b", "customer: refund, no voicemail"))
    assert ids(archive, query) == {"a"}


def test_negation_beside_or(shelve, call, ids: Ids) -> None:
    """``invoice OR -cancel`` keeps its negation."""
    archive = shelve(
        call("a", "customer: invoice, cancel"), call("b", "customer: cancel"), call("c")
    )
    assert ids(archive, "invoice OR -cancel") == {"a", "c"}


@pytest.mark.parametrize("slop", range(9))
def test_phrases_across_turns(shelve, call, ids: Ids, slop: int) -> None:
    """Words of two turns of one speaker are no phrase, whatever stands between the turns."""
    archive = shelve(
        call("apart", "customer: charged", "agent: …", "customer: ", "customer: twice"),
        call("together", "customer: a", "customer: charged twice", "customer: b"),
        call("summary", "customer: I was charged", summary="Twice."),
    )
    assert ids(archive, f'"charged twice"~{slop}' if slop else '"charged twice"') == {"together"}


def test_beginnings_across_turns(shelve, call, ids: Ids) -> None:
    """A beginning of several words is within one turn, too."""
    archive = shelve(
        call("apart", "customer: don", "customer: test"), call("one", "customer: don't")
    )
    assert ids(archive, "don't*") == {"one"}


def test_long_words(shelve, call, ids: Ids) -> None:
    """Words of more than 40 bytes and long runs of Chinese are found, and so are their parts."""
    archive = shelve(
        call("de", "agent: Ihre Donaudampfschifffahrtsgesellschaftskapitänsmütze", language="de"),
        call("zh", "customer: 我的信用卡上个月被重复扣了两次款请帮我退回来", language="zh"),
        call("endless", "customer: " + "x" * 300_000),
    )
    assert ids(archive, "donaudampfschifffahrtsgesellschaftskapitansmutze") == {"de"}
    assert ids(archive, "Donaudampf*") == {"de"}
    assert ids(archive, "我的信用卡上个月被重复扣了两次款请帮我退回来") == {"zh"}
    assert ids(archive, "重复扣") == {"zh"}
    assert ids(archive, "扣重复") == set()
    assert ids(archive, "x" * 400) == {"endless"}


def test_fuzzy_words_are_folded(shelve, call, ids: Ids) -> None:
    """Words with slips are analysed like the text, which Tantivy does not do for them."""
    archive = shelve(call("a", "customer: JOSÉ Müller"))
    assert ids(archive, "Jóse~") == ids(archive, "MÜLER~") == ids(archive, "MÜL*") == {"a"}


def test_slips_count_characters(shelve, call, ids: Ids) -> None:
    """An edit is of a character, however many bytes it has."""
    archive = shelve(call("a", "customer: привет", language="ru"))
    assert ids(archive, "превет~") == ids(archive, "прувеет~2") == {"a"}
    assert ids(archive, "прувеет~") == set()


def test_analyzers_are_known_to_readers(shelve, call) -> None:
    """An index that is opened anew answers with its own tokenizers, which Tantivy does not keep."""
    archive = shelve(call("a", "customer: refunds"), call("b", "customer: Rückzahlungen"))
    with Archive.open(archive.directory) as other:
        assert other.count("refund") == 1
        assert other.count('"ruckzahlungen"') == 1


def test_many_words_with_one_beginning(shelve, call, ids: Ids) -> None:
    """A beginning finds all words; behind other words, those that are too many are an error."""
    archive = shelve(call("a", "customer: don " + " ".join(f"t{at}" for at in range(20_000))))
    assert ids(archive, "t*") == ids(archive, "t19999*") == ids(archive, "don't0*") == {"a"}
    with pytest.raises(UsageError, match="Too many different words begin so"):
        archive.search("don't*")


def test_a_reader_sees_the_commit(shelve, store, catch_up, call) -> None:
    """What another has indexed meanwhile is found without opening the archive again."""
    archive = shelve(call("a", "customer: refund"))
    with Archive.open(archive.directory) as other:
        assert other.count("refund") == 1
        store(archive, call("b", "customer: refund"))
        catch_up(archive)
        assert other.count("refund") == 2
        assert len(other.keys("refund")) == 2


def test_readers_in_threads(shelve, call) -> None:
    """Several threads ask at once, each with a connection of its own."""
    archive = shelve(*(call(f"c{at}", "customer: refund") for at in range(20)))
    counts: list[int] = []

    def ask() -> None:
        with Archive.open(archive.directory) as own:
            counts.extend(own.count("refund") for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [20] * 40


def test_a_replaced_conversation_is_there_once(shelve, store, catch_up, call, ids: Ids) -> None:
    """A conversation that changes is replaced by its key, and what it said before is gone."""
    archive = shelve(call("a", "customer: refund"), call("b", "customer: refund"))
    for word in ("invoice", "voicemail"):
        store(archive, call("a", f"customer: {word}"))
        catch_up(archive)
    assert ids(archive, "voicemail") == {"a"}
    assert ids(archive, "refund") == {"b"}
    assert archive.count("invoice") == 0
    assert archive.search("-nowhere").total == 2


def test_what_is_too_long_to_be_exact(shelve, call, ids: Ids) -> None:
    """A value that is too long for a term of the index costs nothing but itself."""
    archive = shelve(call("a", "customer: refund", outcome="x" * 70_000), call("b", outcome="y"))
    assert ids(archive, "refund") == {"a"}
    assert ids(archive, "outcome:y") == {"b"}


def test_filters_do_not_count(shelve, call) -> None:
    """Filters choose, and change neither a score nor the order."""
    calls: list[Conversation] = [
        call(f"c{at}", "customer: " + "refund " * (at % 5 + 1) + "x " * at, topics=("billing",))
        for at in range(12)
    ]
    archive = shelve(*calls, call("other", "customer: refund"))
    plain = {hit.conversation.id: hit.score for hit in archive.search("refund", limit=0).hits}
    for query in (
        "refund topic:billing",
        "topic:billing refund since:2026 turns:1",
        "refund -status:failed topic:(billing OR other)",
        "refund id:c* has:transcript",
    ):
        found = {hit.conversation.id: hit.score for hit in archive.search(query, limit=0).hits}
        assert found == {name: score for name, score in plain.items() if name != "other"}
        assert list(found) == [name for name in plain if name != "other"]


def test_reading_needs_no_lock(shelve, call) -> None:
    """A search is answered while a writer has the index."""
    archive = shelve(call("a", "customer: refund"))
    connection = sqlite3.connect(archive.directory / "archive.db")
    try:
        with archive.writing("test"):
            assert archive.count("refund") == 1
            reader = Reader(connection, archive.directory)
            assert reader.count(tree.Word("refund")) == 1
    finally:
        connection.close()
