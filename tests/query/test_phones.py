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
        "+49 (0) 151 12345678",
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
    ["2026 12345", "555 123 4567", "+15551234567 12345", "1234567 7654321", "+1 12", "+1 234 56"],
)
def test_numbers_side_by_side_stay_apart(read, query):
    """Without country or area code, or behind a whole number, a space separates."""
    assert repr(read(query)) == repr(And(tuple(Word(part) for part in query.split())))


def test_a_date_behind_a_number_is_not_cut(read):
    """A group counts only as a whole."""
    assert repr(read("+45 12 34 56 78 2026-01-15")) == repr(
        And((Word("+45 12 34 56 78"), Word("2026-01-15")))
    )


@pytest.mark.parametrize("number", ["+1 555 123 4567", "+1 (555) 123-4567"])
def test_a_number_is_no_longer_than_numbers_are(read, number):
    """What would be a twelfth digit behind ``+1`` is another number."""
    assert repr(read(f"{number} 5")) == repr(And((Word(number), Word("5"))))


def test_an_area_code_stands_at_the_front(read):
    """Only a country code can stand before it."""
    assert repr(read("2026 (555) 1234567")) == repr(And((Word("2026"), Word("(555) 1234567"))))


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


def test_callers_in_a_group(read):
    """A number with a country or area code is one value there, too."""
    assert repr(read("caller:((555) 123-4567 OR +44 20 7946 0991)")) == repr(
        Or((Term("caller", "(555) 123-4567"), Term("caller", "+44 20 7946 0991")))
    )


def test_callers_that_begin_so(read):
    """A star stands behind any writing of a number's beginning."""
    assert repr(read("caller:+1555*")) == repr(Term("caller", "+1555", prefix=True))
    assert repr(read("caller:+1 (555)*")) == repr(Term("caller", "+1 (555)", prefix=True))
    assert repr(read('caller:"+1 (555)"*')) == repr(Term("caller", "+1 (555)", prefix=True))
    assert repr(read("+1 (555) 12*")) == repr(Prefix("+1 (555) 12"))


def test_other_values_are_no_phone_numbers(read):
    """Behind a number or a date, what follows is the next word."""
    phone = "(555) 123-4567"
    assert repr(read(f"turns:5 {phone}").children[1:]) == repr((Word(phone),))
    assert repr(read("on:2026-01-15 (555) x").children[1:]) == repr((Word("555"), Word("x")))


def test_double_zero_is_a_plus(read):
    """How Europe dials abroad; no digit is left over as a word of its own."""
    number = "0044 20 7946 0991"
    assert repr(read(f"caller:{number}")) == repr(Term("caller", number))
