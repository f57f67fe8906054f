"""Phone numbers are one word, numbers side by side are not."""

import pytest

from convarchive.query import And, Not, Or, Prefix, Term, Word


@pytest.mark.parametrize(
    "number",
    [
        "+1 (555) 123-4567",
        "+1(555)123-4567",
        "(555) 123-4567",
        "(555)123-4567",
        "1 (555) 123-4567",
        "+1 555 123 4567",
        "+1 5551234567",
        "+44 20 7946 0991",
        "+44 (0)20 7946 0991",
        "(020) 7946 0991",
        "(+49) 30 123456",
        "+49 30 1234567",
        "+45 12 34 56 78",
        "+1\u00a0555\u00a0123\u20114567",
        "555-123-4567",
        "555.123.4567",
        "+15551234567",
    ],
)
def test_a_phone_number_is_one_word(read, number):
    """However its digits are grouped, and wherever it stands."""
    assert repr(read(number)) == repr(Word(number))
    assert repr(read(f"call {number} 2026")) == repr(
        And((Word("call"), Word(number), Word("2026")))
    )
    assert repr(read(f"(-{number} OR x)")) == repr(Or((Not(Word(number)), Word("x"))))


@pytest.mark.parametrize(
    "query",
    ["2026 12345", "555 123 4567", "+15551234567 12345", "12 7 2026", "1234567 7654321", "+1 12"],
)
def test_numbers_side_by_side_stay_apart(read, query):
    """Without country or area code, or behind a whole number, a space separates."""
    assert repr(read(query)) == repr(And(tuple(Word(part) for part in query.split())))


def test_a_date_behind_a_number_is_not_cut(read):
    """A group counts only as a whole."""
    assert repr(read("+45 12 34 56 78 2026-01-15")) == repr(
        And((Word("+45 12 34 56 78"), Word("2026-01-15")))
    )


def test_numbers_in_parentheses_are_a_group(read):
    """Parentheses around a number that is no area code are parentheses."""
    assert repr(read("(5551234567)")) == repr(Word("5551234567"))
    assert repr(read("(2026) x")) == repr(And((Word("2026"), Word("x"))))


@pytest.mark.parametrize(
    "value",
    [
        "+1-555-123-4567",
        "(555) 123-4567",
        "+1 (555) 123-4567",
        "555 123 4567",
        "5551234567",
        "1555",
    ],
)
def test_callers_are_kept_as_typed(read, value):
    """With quotes or without, the number is the value; who has the numbers compares them."""
    assert repr(read(f"caller:{value}")) == repr(Term("caller", value))
    assert repr(read(f'caller:"{value}"')) == repr(Term("caller", value))
    assert (
        repr(read(f"caller:({value} OR x)"))
        == repr(Or((Term("caller", value), Term("caller", "x"))))
        or " " in value
    )


def test_callers_that_begin_so(read):
    """A star stands behind any writing of a number's beginning."""
    assert repr(read("caller:+1555*")) == repr(Term("caller", "+1555", prefix=True))
    assert repr(read("caller:+1 (555)*")) == repr(Term("caller", "+1 (555)", prefix=True))
    assert repr(read('caller:"+1 (555)"*')) == repr(Term("caller", "+1 (555)", prefix=True))
    assert repr(read("+1 (555) 12*")) == repr(Prefix("+1 (555) 12"))


def test_other_values_are_no_phone_numbers(read):
    """Behind a number or a date, what follows is the next word."""
    assert repr(read("turns:5 (555) x").children[1:]) == repr((Word("555"), Word("x")))
    assert repr(read("on:2026-01-15 (555) x").children[1:]) == repr((Word("555"), Word("x")))
