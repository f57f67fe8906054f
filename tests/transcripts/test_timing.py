"""Times that can be shown, whatever the vendor gave."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from convarchive.model import Turn
from convarchive.transcripts.timing import clock, sane, spans, speaking_time

NAN, INFINITE = float("nan"), float("inf")


def turn(text: str, start: float | None = None, end: float | None = None) -> Turn:
    """A turn of which only words and times matter."""
    return Turn(0, "customer", "customer", text, start, end)


@given(st.data())
def test_every_turn_gets_a_finite_span_of_some_length(
    any_turns: st.SearchStrategy[list[Turn]],
    any_times: st.SearchStrategy[float | None],
    data: st.DataObject,
) -> None:
    """From any turns: as many spans, none negative, none empty, all in whole milliseconds."""
    turns = data.draw(any_turns)
    made = spans(turns, data.draw(any_times))
    assert len(made) == len(turns)
    for start, end in made:
        assert 0 <= start < end < math.inf
        assert clock(start) < clock(end) or len(clock(start)) < len(clock(end))


def test_given_times_are_kept_overlaps_included() -> None:
    """Two people do speak at once."""
    assert spans([turn("a", 1.0, 5.0), turn("b", 2.0, 3.0)]) == [(1.0, 5.0), (2.0, 3.0)]


def test_a_missing_end_is_the_next_start_at_the_latest() -> None:
    """The words would take longer to say than there is room."""
    assert spans([turn("word " * 100, 1.0), turn("b", 4.0, 5.0)])[0] == (1.0, 4.0)


def test_a_missing_end_is_no_later_than_the_words_take() -> None:
    """A pause before the next turn is a pause."""
    assert spans([turn("one two three four five six", 1.0), turn("b", 60.0)])[0] == (1.0, 3.222)


def test_the_last_turn_ends_with_the_call() -> None:
    """The duration is the limit where no turn follows."""
    assert spans([turn("word " * 100, 1.0)], duration=8.0) == [(1.0, 8.0)]


def test_a_missing_start_is_the_end_before() -> None:
    """Without any times, the turns follow one another."""
    (_, first_end), (second, _) = spans([turn("one two three"), turn("four five six")])
    assert second == first_end > 0


def test_a_missing_start_is_not_after_the_next_known_one() -> None:
    """The order of the transcript holds where the times leave room for it."""
    starts = [start for start, _ in spans([turn("a", 0, 9.0), turn("b"), turn("c", 5.0)])]
    assert starts == [0.0, 5.0, 5.0]


def test_what_is_no_time_counts_as_missing() -> None:
    """Not a number, infinite either way, or a Unix timestamp in seconds or milliseconds."""
    assert [sane(t) for t in (NAN, INFINITE, -INFINITE, 1.76e9, 1.76e12, None)] == [None] * 6


def test_a_slightly_negative_start_is_the_beginning() -> None:
    """The speech recognition aligned a little too early."""
    assert sane(-0.04) == 0.0


def test_an_end_before_the_start_is_derived() -> None:
    """It says nothing, so the words do."""
    assert spans([turn("hello", 5.0, 4.0)]) == [(5.0, 5.5)]


def test_the_clock_takes_as_many_hours_as_there_are() -> None:
    """Two digits at least, more where a call was left open over the holidays."""
    assert clock(5.0) == "00:00:05.000"
    assert clock(100 * 3600 + 61.5, ",") == "100:01:01,500"
    assert re.fullmatch(r"\d{2,}:[0-5]\d:[0-5]\d\.\d{3}", clock(59.9996))
    assert clock(59.9996) == "00:01:00.000"


def test_chinese_takes_time_to_say() -> None:
    """Its characters count as syllables, since there are no spaces to count words by."""
    assert speaking_time("我被收费了两次") == 7 / 6
