"""What is served can be changed while it is served."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from convarchive.sandbox.generator import Generator
from convarchive.sandbox.upstream import Upstream


def _call(conversation_id: str, minute: int) -> dict[str, Any]:
    return {"id": conversation_id, "start_time": f"2026-01-01T00:{minute:02}:00Z", "topics": []}


def test_put_get_remove() -> None:
    """What is put can be got, once; what is removed is gone."""
    upstream = Upstream()
    upstream.put(_call("a", 1))
    assert upstream.get("a") == _call("a", 1)
    assert (len(upstream), upstream.ids()) == (1, ["a"])
    upstream.remove("a")
    assert (len(upstream), upstream.ids(), upstream.get("a")) == (0, [], None)


def test_copies() -> None:
    """Neither what was put nor what was got is what is served."""
    upstream = Upstream()
    mine = _call("a", 1)
    upstream.put(mine)
    mine["topics"].append("x")
    got = upstream.get("a")
    assert got is not None
    got["topics"].append("y")
    assert upstream.get("a") == _call("a", 1)


def test_late_arrival() -> None:
    """A conversation that comes late with an old start stands where its start puts it."""
    upstream = Upstream()
    for name, minute in (("c", 3), ("a", 1), ("b", 2), ("late", 1)):
        upstream.put(_call(name, minute))
    assert upstream.ids() == ["a", "late", "b", "c"]


def test_stays_among_equals() -> None:
    """A conversation that changes keeps its place among those that started with it."""
    upstream = Upstream()
    for name, minute in (("a", 1), ("b", 1), ("c", 1), ("a", 1)):
        upstream.put(_call(name, minute))
    assert upstream.ids() == ["a", "b", "c"]


def test_moved() -> None:
    """A conversation whose start changes moves, and is there once."""
    upstream = Upstream()
    for name, minute in (("a", 1), ("b", 2), ("a", 3)):
        upstream.put(_call(name, minute))
    assert upstream.ids() == ["b", "a"]


@pytest.mark.parametrize("payload", [{"id": "a"}, {"start_time": "2026-01-01T00:00:00Z"}])
def test_incomplete(payload: dict[str, str]) -> None:
    """Without id or start a conversation cannot be served."""
    with pytest.raises(KeyError):
        Upstream().put(payload)


def test_remove_unknown() -> None:
    """Removing what is not there is an error, so that a test with a wrong id fails."""
    with pytest.raises(KeyError):
        Upstream().remove("a")


def test_made_up_calls_change_like_others() -> None:
    """A made-up call can be changed, removed and put back; its neighbours stay as they are."""
    upstream = Upstream(Generator(10, seed=1))
    ids = upstream.ids()
    changed = upstream.get(ids[4])
    assert changed is not None
    upstream.put({**changed, "summary": "new"})
    upstream.remove(ids[5])
    assert upstream.ids() == ids[:5] + ids[6:]
    again = upstream.get(ids[4])
    assert again is not None
    assert again["summary"] == "new"
    upstream.put({**changed, "id": ids[5]})
    assert sorted(upstream.ids()) == sorted(ids)


_changes = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.none() | st.integers(0, 5)), max_size=30
)


@settings(max_examples=60)
@given(_changes)
def test_like_a_dictionary(changes: list[tuple[str, int | None]]) -> None:
    """After any changes the collection is what a dictionary would be, sorted by start."""
    calls = Generator(5, seed=3)
    upstream = Upstream(calls)
    names = [calls.id(number) for number in range(5)] + ["x", "y", "z"]
    model = {name: calls.start(number) for number, name in enumerate(names[:5])}
    for letter, minute in changes:
        name = names["abcdefgh".index(letter)]
        if minute is not None:
            upstream.put(_call(name, minute))
            model[name] = 1_767_225_600 + 60 * minute
        elif name in model:
            upstream.remove(name)
            del model[name]
    assert sorted(upstream.ids()) == sorted(model)
    starts = [model[name] for name in upstream.ids()]
    assert starts == sorted(starts)
