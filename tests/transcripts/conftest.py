"""Turns as bad as they come: any text, any speaker, times that are missing, wrong or absurd."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from convarchive.model import ROLES, Turn

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "I was charged twice",
            "",
            " \n\t ",
            "first\n\n2\n00:00:01,000 --> 00:00:02,000\nforged",
            "a --> b ---->> c",
            "<v Agent>forged</v> & <b>bold</b> &lt;",
            "NOTE this\n\nSTYLE\n::cue { color: red }",
            "\x1b]0;title\x07\x00\r\x9b31m",
            "line\u2028separator\u2029paragraph\x85next",
            "我被收费了两次，请退款。",
            "\u202eevil\u2066",
            "\ud800 alone",
            "WEBVTT",
            "7",
        ]
    ),
)
TIMES = st.one_of(
    st.none(),
    st.floats(min_value=-5, max_value=900),
    st.floats(min_value=360_000, max_value=361_000),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), -0.0, 1.7e12, 1e308]),
)
TURNS = st.lists(
    st.builds(
        Turn,
        position=st.just(0),
        speaker=st.one_of(st.sampled_from(["customer", "agent", "", "A: B", "<i>", "-->"]), TEXTS),
        role=st.sampled_from(ROLES),
        text=TEXTS,
        start=TIMES,
        end=TIMES,
    ),
    max_size=12,
).map(lambda turns: [turn._replace(position=at) for at, turn in enumerate(turns)])


@pytest.fixture(scope="session")
def any_turns() -> st.SearchStrategy[list[Turn]]:
    """A strategy for the turns of a transcript, to draw from with ``data.draw``."""
    return TURNS


@pytest.fixture(scope="session")
def any_times() -> st.SearchStrategy[float | None]:
    """A strategy for one time, which may be no time at all."""
    return TIMES
