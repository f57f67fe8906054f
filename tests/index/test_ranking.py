"""In which order hits come, and that pages put together are all of them, each once."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from convarchive import Archive
from convarchive.errors import UsageError

CatchUp = Callable[[Archive], int]


def found(archive: Archive, query: str, **options: object) -> list[str]:
    """The ids of all hits, in order."""
    hits = archive.search(query, **({"limit": 0} | options)).hits  # type: ignore[arg-type]
    return [hit.conversation.id for hit in hits]


@pytest.fixture(scope="module")
def archive(shelve, call) -> Archive:
    """A hundred calls, many of them alike in length, in start, and in what is said."""
    return shelve(
        *(
            call(
                f"c{at:03}",
                "customer: " + "refund " * (at % 3) + "please",
                started_at=None if at % 10 == 9 else f"2026-01-{at % 7 + 1:02}T00:00:00Z",
                duration=None if at % 11 == 10 else float(at % 5),
                agent_id=f"agent_{at % 2}",
            )
            for at in range(100)
        )
    )


def test_what_is_said_more_comes_first(shelve, call) -> None:
    """A word counts more the more often, and in the fewer words, it is said."""
    archive = shelve(
        call("rarely", "customer: refund " + "word " * 50),
        call("often", "customer: refund, refund, refund!"),
        call("once", "customer: a refund please"),
        call("never", "customer: nothing"),
    )
    assert found(archive, "refund") == ["often", "once", "rarely"]


def test_rare_words_count_more(shelve, call) -> None:
    """Of two words the one that few conversations have decides."""
    archive = shelve(
        call("rare", "customer: chargeback please"),
        call("common", "customer: refund please"),
        *(call(f"c{at}", "agent: refund it is") for at in range(10)),
    )
    assert found(archive, "refund OR chargeback")[0] == "rare"


@pytest.mark.parametrize(("query", "first"), [("refunded", "refunded"), ("refund", "refund")])
def test_the_form_that_was_asked_for(shelve, call, query: str, first: str) -> None:
    """Any form of a word is found, and the one that was asked for counts more."""
    archive = shelve(call("refund", "customer: refund"), call("refunded", "customer: refunded"))
    assert found(archive, query)[0] == first
    assert len(found(archive, query)) == 2


def test_equal_hits_come_newest_first(shelve, call) -> None:
    """Hits of the same score stand in the order of their start, the newest first."""
    archive = shelve(
        *(call(f"c{day}", "customer: refund", started_at=f"2026-01-0{day}T00:00:00Z")
          for day in (3, 1, 4, 2))
    )  # fmt: skip
    assert found(archive, "refund") == ["c4", "c3", "c2", "c1"]
    assert len({hit.score for hit in archive.search("refund").hits}) == 1


@pytest.mark.parametrize("query", ["", "agent:agent_1", "plea*", "-refund", "refnd~ turns:1"])
def test_relevance_without_words_is_newest(archive: Archive, query: str) -> None:
    """Where all that matches matches alike, the newest come first, and scores are 0."""
    assert found(archive, query) == found(archive, query, sort="newest")
    assert {hit.score for hit in archive.search(query, limit=0).hits} == {0.0}


def test_orders(archive: Archive) -> None:
    """Newest, oldest, longest; what is unknown comes last, and first where it is oldest."""
    calls = [archive.show(name) for name in found(archive, "refund")]

    def by(key: Callable[..., object]) -> list[str]:
        return [one.id for one in sorted(calls, key=key)]  # type: ignore[arg-type]

    def start(one) -> int:
        return int(one.started_at[8:10]) if one.started_at else 0

    assert found(archive, "refund", sort="oldest") == by(lambda one: (start(one), one.id))
    assert found(archive, "refund", sort="newest") == by(lambda one: (-start(one), one.id))
    assert found(archive, "refund", sort="longest") == by(
        lambda one: (-1 if one.duration is None else -one.duration - 2, -start(one), one.id)
    )


@pytest.mark.parametrize("sort", ["newest", "oldest", "longest"])
def test_lists_come_in_the_order_of_searches(archive: Archive, sort: str) -> None:
    """A list of everything, which asks the store alone, and one by the index agree."""
    by_store = [one.id for one in archive.list("", sort=sort, limit=0)]
    by_index = [one.id for one in archive.list("please", sort=sort, limit=0)]
    assert by_store == by_index
    assert len(by_store) == 100


@pytest.mark.parametrize("size", [3, 64])
@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "longest"])
@pytest.mark.parametrize("query", ["", "refund", "please -refund"])
def test_pages_join_to_the_whole(archive: Archive, query: str, sort: str, size: int) -> None:
    """All pages together are all hits, each once and in order, however many are alike."""
    total = archive.count(query)
    pages = [
        found(archive, query, sort=sort, limit=size, offset=at) for at in range(0, total, size)
    ]
    joined = [name for page in pages for name in page]
    assert joined == found(archive, query, sort=sort)
    assert len(set(joined)) == len(joined) == total


def test_beyond_the_last_page(archive: Archive) -> None:
    """Behind the last hit there is none, and the total is still told."""
    page = archive.search("refund", limit=10, offset=10_000)
    assert (page.hits, page.total) == ([], archive.count("refund"))


def test_the_same_index_made_anew(archive: Archive) -> None:
    """An index that was deleted and made anew gives the same hits in the same order."""
    queries = ("", "refund", "refund OR please", "please -refund", "agent:agent_0 refund")
    before = [archive.search(query, limit=0).hits for query in queries]
    shutil.rmtree(archive.directory / "index")
    assert archive.reindex() == 100
    after = [archive.search(query, limit=0).hits for query in queries]
    assert after == before


def test_an_index_that_grew(shelve, store, catch_up: CatchUp, call) -> None:
    """An index that grew bit by bit, with replacements, finds what one made anew finds."""
    archive = shelve()
    for round_ in range(3):
        for at in range(0, 30, 10):
            store(archive, *(call(f"c{at + one}", f"customer: refund {round_} {one}")
                             for one in range(10)))  # fmt: skip
            catch_up(archive)
    queries = ("refund", "2", "1", "refund 2 9", "-9")
    before = [sorted(found(archive, query)) for query in queries]
    assert [len(ids) for ids in before] == [30, 30, 3, 3, 27]
    archive.reindex()
    assert [sorted(found(archive, query)) for query in queries] == before


@pytest.mark.parametrize("sort", ["", "random", "Newest"])
def test_unknown_orders(archive: Archive, sort: str) -> None:
    """An order that does not exist is an error that names those that do."""
    for ask in (archive.search, archive.list):
        with pytest.raises(UsageError, match="relevance, newest, oldest, longest"):
            ask("refund", sort=sort)


def test_a_near_word_is_best_without_slips(shelve, call) -> None:
    """Of what a near word finds, the word itself comes first, then its forms, then the others."""
    archive = shelve(
        call("other", "customer: refunt", started_at="2026-01-04T00:00:00Z"),
        call("form", "customer: refunds", started_at="2026-01-03T00:00:00Z"),
        call("same", "customer: refund", started_at="2026-01-02T00:00:00Z"),
        call("without", "customer: refunded", started_at="2026-01-01T00:00:00Z"),
    )
    assert found(archive, "refund~") == ["same", "form", "other"]


def test_a_near_word_counts_least(shelve, call) -> None:
    """Beside a word that is there in one of its forms, one that is nearly there counts nothing."""
    archive = shelve(call("near", "customer: refunt refunt"), call("form", "customer: refunded"))
    assert found(archive, "refund OR refund~") == ["form", "near"]


def test_words_side_by_side(shelve, call) -> None:
    """Two words count more where they stand side by side in a turn, as in the query."""
    archive = shelve(
        call("apart", "customer: card payment new", "agent: x"),
        call("beside", "customer: new card payment", "agent: x"),
        call("turns", "customer: payment new", "agent: card"),
    )
    assert found(archive, "new card")[0] == "beside"
    assert found(archive, "(new card) turns:2") == found(archive, "new card")


def test_the_summary_counts_more(shelve, call) -> None:
    """A word that the summary takes up counts more than one that is only said."""
    archive = shelve(
        call("said", "customer: a refund please", summary="Nothing."),
        call("summed", "customer: a thing please", summary="Refund."),
    )
    assert found(archive, "refund") == ["summed", "said"]


@pytest.mark.parametrize("query", ["(a b) OR c", "c OR (a b)", "(a b) OR (b c)", "c (a OR b)"])
def test_what_ranks_finds_nothing_more(shelve, call, query: str) -> None:
    """By relevance the same is found as in the order of time."""
    archive = shelve(*(call(said, f"customer: {said}") for said in ("a", "b", "c", "a b", "b c")))
    assert set(found(archive, query)) == set(found(archive, query, sort="newest"))
