"""No control character reaches a screen or a file, and none disappears without a trace."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convarchive.transcripts.plain import one_line, plain


@given(st.text(st.characters(), max_size=60))
def test_only_newline_and_tab_are_left_of_the_controls(text: str) -> None:
    """Of the categories Cc and Cs nothing but newline and tab comes through."""
    shown = plain(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"]


@given(st.text(st.characters(), max_size=60), st.booleans())
def test_offsets_stay_true(text: str, bidi: bool) -> None:
    """The result has as many characters as the text, and honest ones are where they were."""
    shown = plain(text, show_bidi=bidi)
    assert len(shown) == len(text)
    assert all(a == b for a, b in zip(text, shown, strict=True) if a.isalnum())


@pytest.mark.parametrize(
    ("character", "shown"),
    [("\x1b", "␛"), ("\x00", "␀"), ("\r", "␍"), ("\x7f", "␡"), ("\x9b", "\ufffd"), ("\n", "\n")],
)
def test_controls_are_shown_by_their_pictures(character: str, shown: str) -> None:
    """A reader sees that something was there, and what."""
    assert plain(character) == shown


def test_reordering_is_shown_where_asked() -> None:
    """Overrides are text in a file, but are made visible for a terminal; plain marks never are."""
    assert plain("a\u202eb\u200f") == "a\u202eb\u200f"
    assert plain("a\u202eb\u200f", show_bidi=True) == "a\ufffdb\u200f"


@given(st.text(max_size=60))
def test_one_line_is_one_line(text: str) -> None:
    """No character that any reader takes for a line break is left."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert "\n" not in line


def test_blank_lines_count_as_one_break() -> None:
    """Runs of breaks become a single space, the ends are stripped."""
    assert one_line("\n a\r\n\r\n b\u2028c \n") == "a b c"
