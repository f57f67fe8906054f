"""What is printed is read as the same tree, and looks as people would write it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.errors import QueryError
from convarchive.query import (
    And,
    Flag,
    Fuzzy,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Started,
    Term,
    Within,
    Word,
    parse,
    to_text,
)
from convarchive.query.names import CLOSED, OPEN

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "printed"),
    [
        ("", "*"),
        ("refund   AND invoice", "refund invoice"),
        ("a b OR (c OR NOT d)", "(a b) OR c OR -d"),
        ("NOT (a OR b) c", "-(a OR b) c"),
        ('“charged twice” "x"~2', '"charged twice" "x"~2'),
        ("refund* refnd~1 refnd~2", "refund* refnd~ refnd~2"),
        ('customer:("a b" OR c)', 'customer:("a b" OR c)'),
        ("Agent-Said:(x)", "agent-said:x"),
        ("customer:(NOT x)", "customer:(-x)"),
        ("status:(Failed OR ABANDONED)", "status:failed OR status:abandoned"),
        ("caller:+1 (555) 123-4567", 'caller:"+1 (555) 123-4567"'),
        ('caller:"+1555"*', "caller:+1555*"),
        ("date:2026-01..2026-03", "date:2026-01-01T00:00:00Z..<2026-04-01T00:00:00Z"),
        ("since:7d", "since:2026-03-23T12:00:00Z"),
        ("until:2026-01-15T10:30:00.25+01:00", "until:2026-01-15T09:30:00.250000Z"),
        ("duration:>5m", "duration:>300"),
        ("duration:5m", "duration:300..<360"),
        ("duration:..0.5s", "duration:<=0.5"),
        ("turns:20", "turns:20..20"),
        ("has:recording -is:held", "has:recording -is:held"),
        ("+1 AND 5551234567", "+1 AND 5551234567"),
    ],
)
def test_the_canonical_form(query, printed):
    """Signs rather than words, parentheses where they help, instants rather than dates."""
    assert to_text(parse(query, now=NOW, zone=UTC)) == printed


@pytest.mark.parametrize("text", ["OR", "two words", "-x", "status:failed", "x*", "a(b)", ""])
def test_a_word_that_nobody_can_type(text):
    """It is printed in quotes, where it means the same."""
    assert to_text(Word(text)) == f'"{text}"'


@pytest.mark.parametrize("node", [Prefix("two words"), Prefix(""), Fuzzy("-x", 1), Fuzzy("x", 3)])
def test_nodes_that_no_query_makes(node):
    """They are not printed as something else."""
    with pytest.raises(ValueError, match="no query can express"):
        to_text(node)


def _typed(kind, text, sign=""):
    """Whether someone who types this gets this kind of node."""
    try:
        return type(parse(text + sign, now=NOW)) is kind
    except QueryError:
        return False


TEXTS = st.one_of(
    st.text("abAé中３1'-+._:/\\~!&|#’", min_size=1, max_size=6),
    st.sampled_from(
        ["+1", "555", "1234567", "(555) 123-4567", "+1 555 123 4567", "+45 12 34 56 78", "or"]
    ),
)
QUOTED = st.one_of(st.text(min_size=1), st.text('a "\\“”()*~-:', min_size=1)).filter(str.strip)
INSTANTS = st.integers(0, 7 * 10**15).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
MILLISECONDS = st.integers(0, 10**8).map(lambda number: round(number / 1000, 3))

WORDS = st.one_of(
    TEXTS.filter(lambda text: _typed(Word, text)).map(Word),
    TEXTS.filter(lambda text: _typed(Prefix, text, "*")).map(Prefix),
    st.builds(Fuzzy, TEXTS.filter(lambda text: _typed(Fuzzy, text, "~")), st.sampled_from([1, 2])),
    st.builds(Phrase, QUOTED, st.integers(0, 999)),
)


def _ranges(field, numbers):
    pairs = st.tuples(numbers, numbers).filter(lambda pair: pair[0] < pair[1])
    signs = st.booleans()
    return st.one_of(
        st.tuples(numbers, signs).map(lambda end: Range(field, end[0], None, end[1], False)),
        st.tuples(numbers, signs).map(lambda end: Range(field, None, end[0], False, end[1])),
        st.tuples(pairs, signs, signs).map(lambda ends: Range(field, *ends[0], *ends[1:])),
        numbers.map(lambda number: Range(field, number, number)),
    )


def _closed(field):
    kind = Term if field in ("status", "sentiment") else Flag
    return st.sampled_from(CLOSED[field]).map(lambda value: kind(field, value))


FILTERS = st.one_of(
    st.builds(Term, st.sampled_from(OPEN), st.one_of(QUOTED, TEXTS), st.booleans()),
    *map(_closed, CLOSED),
    INSTANTS.map(lambda instant: Started(instant, None)),
    INSTANTS.map(lambda instant: Started(None, instant)),
    st.tuples(INSTANTS, INSTANTS)
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: Started(*pair)),
    _ranges("duration", MILLISECONDS),
    _ranges("turns", st.integers(0, 10**8).map(float)),
)


def _joined(kind, children):
    flat = []
    for child in children:
        flat.extend(child.children if isinstance(child, kind) else (child,))
    return kind(tuple(flat))


def _nested(leaves):
    def around(children):
        several = st.lists(children, min_size=2, max_size=4)
        return st.one_of(
            several.map(lambda nodes: _joined(And, nodes)),
            several.map(lambda nodes: _joined(Or, nodes)),
            children.map(Not),
        )

    return st.recursive(leaves, around, max_leaves=8)


SCOPED = st.builds(Within, st.sampled_from(["customer", "agent", "summary"]), _nested(WORDS))
TREES = _nested(st.one_of(WORDS, FILTERS, SCOPED))


@settings(max_examples=400, deadline=None)
@given(TREES)
def test_what_is_printed_is_read_as_the_same_tree(tree):
    """Every tree that a query can have survives being printed, in one line or in many."""
    assert repr(parse(to_text(tree), now=NOW)) == repr(tree)
