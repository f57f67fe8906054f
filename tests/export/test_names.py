"""File names from ids that nobody vetted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convarchive.export.names import LONGEST, Names, safe

HOSTILE = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["conv_1", "CONV_1", "Conv_1", "CON", "con.x", "nul", "LPT1", ".", "..", "C:\\x", "-rf"],
    ),
    st.sampled_from(
        [
            "../../etc/passwd",
            "",
            "a" * 300,
            ".hidden",
            "a\0b",
            "é",
            "e\u0301",
            "a/b",
            "a b",
            "a\nb",
        ],
    ),
)


@pytest.mark.parametrize("id_", ["conv_8f2kq1", "3f9a-77.b", "CA0123abcd", "c" * LONGEST])
def test_an_ordinary_id_is_its_own_name(id_: str) -> None:
    """Which is what one looks for in a directory."""
    assert Names().name("ayra", id_) == id_


@given(st.lists(st.tuples(st.sampled_from(["ayra", "vapi"]), HOSTILE), unique=True))
def test_names_are_safe_and_different(ids: list[tuple[str, str]]) -> None:
    """On every system: ASCII, no separator, no device, no leading dot, different in any case."""
    names = Names()
    made = [names.name(source, id_) for source, id_ in ids]
    assert len({name.lower() for name in made}) == len(ids)
    for name in made:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name)
        assert len(name) <= LONGEST
        assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name, re.IGNORECASE)


@given(st.lists(st.tuples(st.sampled_from(["ayra", "vapi"]), HOSTILE), unique=True))
def test_the_same_ids_give_the_same_names(ids: list[tuple[str, str]]) -> None:
    """In another run and on another machine, too."""
    first, second = Names(), Names()
    assert [first.name(*pair) for pair in ids] == [second.name(*pair) for pair in ids]


def test_a_name_can_be_foretold() -> None:
    """The hash is of source and id, and does not change with the version of Python."""
    assert Names().name("ayra", "../../etc/passwd") == "_._.._etc_passwd-c01331578e98"


def test_an_id_that_looks_like_anothers_name_gives_way() -> None:
    """Even where someone chose the id for it."""
    names = Names()
    chosen = Names().name("ayra", "a/b")
    assert names.name("ayra", chosen) == chosen
    assert names.name("ayra", "a/b") not in {chosen, "a/b"}


def test_what_is_unsafe_is_replaced() -> None:
    """A character each, so that the id can still be recognised."""
    assert safe("../a b") == "_._a_b"
    assert safe("nul.txt") == "_nul.txt"
