"""Operators, parentheses, and the shape of the tree."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.errors import QueryError
from convarchive.query import And, Not, Or, Term, Word, to_text

A, B, C, D = (Word(letter) for letter in "abcd")


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a b OR c d", Or((And((A, B)), And((C, D))))),
        ("a OR b AND c OR d", Or((A, And((B, C)), D))),
        ("NOT a b", And((Not(A), B))),
        ("-a OR b", Or((Not(A), B))),
        ("a AND NOT b", And((A, Not(B)))),
        ("a -b", And((A, Not(B)))),
        ("a OR -b", Or((A, Not(B)))),
        ("-a", Not(A)),
        ("-a -b", And((Not(A), Not(B)))),
        ("--a", Not(Not(A))),
        ("NOT -a", Not(Not(A))),
        ("-(a b)", Not(And((A, B)))),
        ("NOT(a OR b)", Not(Or((A, B)))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("a(b)c", And((A, B, C))),
        ("-status:failed", Not(Term("status", "failed"))),
        ("a\tb\u3000c\n", And((A, B, C))),
    ],
)
def test_precedence(read, query, tree):
    """NOT binds tightest, then AND, which needs no word, then OR."""
    assert repr(read(query)) == repr(tree)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("((a))", A),
        ("(a b) (c d)", And((A, B, C, D))),
        ("a (b (c d))", And((A, B, C, D))),
        ("a OR (b OR (c))", Or((A, B, C))),
    ],
)
def test_trees_are_flat(read, query, tree):
    """Parentheses that change nothing leave no trace."""
    assert repr(read(query)) == repr(tree)


@pytest.mark.parametrize(
    ("query", "column", "length"),
    [
        ("(a", 0, 1),
        ("a (b (c)", 2, 1),
        ("(", 0, 1),
        ("a)", 1, 1),
        (")", 0, 1),
        ("a ( )", 2, 3),
        ("status:()", 7, 2),
        ("OR a", 0, 2),
        ("a OR", 2, 2),
        ("a AND", 2, 3),
        ("a OR OR b", 2, 2),
        ("a AND OR b", 2, 3),
        ("(OR a)", 1, 2),
        ("(a OR) b", 3, 2),
        ("a NOT", 2, 3),
        ("NOT OR", 0, 3),
        ("a - b OR", 6, 2),
        ("-", 0, 1),
        ("a -", 2, 1),
        ("-OR a", 0, 1),
        ("(-)", 1, 1),
    ],
)
def test_structure_that_is_incomplete(refused, query, column, length):
    """The caret is under the operator or the parenthesis that lacks something."""
    error = refused(query)
    assert (error.column, error.length) == (column, length)


@pytest.mark.parametrize("opening", ["(", "-", "NOT ", "-(", "a OR ("])
def test_deep_nesting_is_refused(refused, opening):
    """Ten thousand levels are an error like any other, not the end of the program."""
    assert "nested more than" in refused(opening * 10_000 + "x" + ")" * 10_000).what


def test_some_nesting_is_fine(read):
    """Fifty levels, more than anybody writes."""
    assert repr(read("(" * 50 + "a" + ")" * 50)) == repr(A)


def test_depth_is_not_length(read):
    """A hundred groups and negations side by side are one deep."""
    assert len(read("(a OR b) -c " * 100).children) == 200


def test_long_queries_are_fine(read):
    """Ten thousand alternatives are one flat node."""
    assert len(read(" OR ".join(f"w{number}" for number in range(10_000))).children) == 10_000


def test_it_is_light():
    """Reading a query loads nothing that a search would have to wait for."""
    code = "import sys, convarchive.query; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert "convarchive.query.parser" in loaded
    assert not {"difflib", "zoneinfo", "json", "tantivy", "sqlite3", "msgspec"} & set(loaded)


PIECES = [
    *"()-*~:\"'“”„«»\\+|&!<>=. ",
    *(
        "AND",
        "OR",
        "NOT",
        "or",
        " AND ",
        " OR ",
        "a",
        "refund",
        "x y",
        "é",
        "返金",
        "\n",
        "..",
        "//",
    ),
    *("status:", "failed", "customer:", "agent-said:", "summary:", "caller:", "topic:", "has:"),
    *("recording", "since:", "date:", "2026-01", "7d", "today", "T10:30", "Z", "duration:", "5m"),
    *("turns:", "20", "+1 (555) 123-4567", "555", "(555)", "~2", "colour:", "http://x", "٣", "\0"),
]


QUERIES = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


def _outcome(read, query):
    """The tree, or the error."""
    try:
        return read(query)
    except QueryError as error:
        return error


@settings(max_examples=800, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_every_text_is_read_or_refused(read, query):
    """A tree can be printed and read again; an error points at characters of the query."""
    outcome = _outcome(read, query)
    if isinstance(outcome, QueryError):
        assert outcome.query == query
        assert 0 <= outcome.column < outcome.column + outcome.length <= len(query)
    else:
        assert repr(read(to_text(outcome))) == repr(outcome)
