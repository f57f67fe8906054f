"""JSON is taken apart without being read: what comes out are the bytes that went in."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.errors import Unreadable
from convarchive.imports.splitting import Piece, pieces

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)
ITEMS = st.lists(st.dictionaries(st.text(max_size=6), VALUES, max_size=4), max_size=6)


def chunks(body: bytes, size: int) -> Iterator[bytes]:
    """The bytes in parts."""
    return (body[at : at + size] for at in range(0, len(body), size))


def values(body: bytes, size: int = 1 << 20) -> list[Any]:
    """What comes out, read."""
    return [json.loads(piece.body) for piece in pieces(chunks(body, size)) if not piece.heading]


@settings(max_examples=300)
@given(
    items=ITEMS,
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
    wrapped=st.sampled_from(["list", "page", "deep", "export"]),
)
def test_any_list(
    items: list[Any], size: int, indent: int | None, ascii_only: bool, wrapped: str
) -> None:
    """Its items come out, however it is written, wrapped and cut into parts."""
    whole: Any = {
        "list": items,
        "page": {"meta": {"a": [1]}, "data": items, "pagination": {"pages": [{}]}},
        "deep": {"data": {"total": [2], "items": items, "more": []}},
        "export": {"schema": "s", "query": '"[{', "conversations": items},
    }[wrapped]
    body = json.dumps(whole, indent=indent, ensure_ascii=ascii_only).encode()
    assert values(body, size) == items


@settings(max_examples=200)
@given(items=ITEMS, size=st.integers(1, 40), indent=st.sampled_from([None, 2]))
def test_any_values_after_each_other(items: list[Any], size: int, indent: int | None) -> None:
    """Come out one by one, unless they are lists of conversations themselves."""
    items = [{"x": item} for item in items]
    body = "\n".join(json.dumps(item, indent=indent) for item in items).encode()
    assert values(body, size) == items


@settings(max_examples=300)
@given(body=st.one_of(st.binary(max_size=60), st.text('{}[]",:\\ a1', max_size=60).map(str.encode)))
def test_any_bytes(body: bytes) -> None:
    """Are taken apart or refused, and the same whether they come at once or one by one."""

    def tried(size: int) -> tuple[list[Piece], str]:
        found: list[Piece] = []
        try:
            found += pieces(chunks(body, size))
        except Unreadable as error:
            return found, str(error)
        return found, ""

    assert tried(1) == tried(1000)


def test_the_bytes_are_those_that_came() -> None:
    """To the character: spaces, escapes, and what is no valid JSON inside of an item."""
    items = [b'{ "a" : "\\u00e9\xff", "n": NaN, }', b"{}", b'{"id":"]}"}']
    body = b'\xef\xbb\xbf{"data": [ ' + b" ,\n".join(items) + b" ] }"
    found = [piece for piece in pieces([body]) if not piece.heading]
    assert [piece.body for piece in found] == items
    assert all(piece.item for piece in found)


@pytest.mark.parametrize(
    ("body", "before", "says"),
    [
        (b'[{"a": 1}, {"b": ', 1, "cut off"),
        (b'[{"a": 1}, {"b": "x', 1, "cut off"),
        (b'[{"a": 1}]]', 1, "too many"),
        (b'[{"a": 1}}', 1, "too many"),
        (b'[{"a": 1}, ' + b"[" * 2000, 1, "nested"),
    ],
)
def test_what_is_not_whole(body: bytes, before: int, says: str) -> None:
    """Is an error behind what could be taken."""
    found: list[Piece] = []
    with pytest.raises(Unreadable, match=says):
        found.extend(pieces([body]))
    assert len(found) == before


def test_a_value_that_is_too_large() -> None:
    """Is refused once more than that is held."""
    with pytest.raises(Unreadable, match="larger than 1 MiB"):
        list(pieces(chunks(b'["' + b"x" * (3 << 20), 1 << 16), largest=1 << 20))


def test_memory_stays_flat() -> None:
    """A list that is longer than what may be held goes through."""

    def endless() -> Iterator[bytes]:
        yield b"["
        for _ in range(400):
            yield b'{"a": "%s"},' % (b"x" * 50_000)
        yield b"{}]"

    tracemalloc.start()
    try:
        assert sum(1 for _ in pieces(endless())) == 401
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
