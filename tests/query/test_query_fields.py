"""Fields and their values."""

import pytest

from convarchive import model
from convarchive.query import FIELDS, And, Flag, Not, Or, Phrase, Prefix, Range, Term, Within, Word
from convarchive.query.names import CLOSED, OPEN


def test_every_documented_field_exists():
    """The names are those of the interface, no more and no fewer."""
    assert set(FIELDS) == {
        "customer",
        "agent-said",
        "summary",
        "id",
        "source",
        "agent",
        "caller",
        "status",
        "outcome",
        "sentiment",
        "intent",
        "topic",
        "keyword",
        "language",
        "platform",
        "since",
        "until",
        "on",
        "date",
        "duration",
        "turns",
        "has",
        "is",
    }


def test_statuses_are_those_of_the_model():
    """The language has its own copy, since it knows no other room; the two must agree."""
    assert CLOSED["status"] == model.STATUSES


@pytest.mark.parametrize(
    ("field", "scope"), [("customer", "customer"), ("agent-said", "agent"), ("summary", "summary")]
)
def test_scopes(read, field, scope):
    """Words, phrases, beginnings and groups can be asked of one side, or of the summary."""
    assert repr(read(f"{field}:refund")) == repr(Within(scope, Word("refund")))
    assert repr(read(f'{field}:"a b"~2')) == repr(Within(scope, Phrase("a b", 2)))
    assert repr(read(f"{field}:ref*")) == repr(Within(scope, Prefix("ref")))
    assert repr(read(f'{field}:("a b" OR -c d)')) == repr(
        Within(scope, Or((Phrase("a b"), And((Not(Word("c")), Word("d"))))))
    )


def test_text_with_a_colon_within_a_scope(read):
    """The rule for colons is the same there."""
    assert repr(read("customer:07:30")) == repr(Within("customer", Word("07:30")))


@pytest.mark.parametrize("field", OPEN)
def test_open_fields(read, field):
    """A value is taken as typed: a word, something in quotes, or a beginning."""
    assert repr(read(f"{field}:Front-desk_1")) == repr(Term(field, "Front-desk_1"))
    assert repr(read(f'{field.upper()}:"front desk"')) == repr(Term(field, "front desk"))
    assert repr(read(f"{field}:fr*")) == repr(Term(field, "fr", prefix=True))
    assert repr(read(f'{field}:"front d"*')) == repr(Term(field, "front d", prefix=True))


@pytest.mark.parametrize(
    "value", ["OR", "a:b", "status:failed", "https://x", "C:\\x", "x&&y", "!a"]
)
def test_values_are_not_read_as_text(read, value):
    """Right behind the colon nothing is an operator, a field or a mistake."""
    assert repr(read(f"id:{value}")) == repr(Term("id", value))


@pytest.mark.parametrize("field", ["status", "sentiment"])
def test_closed_fields(read, field):
    """Values of closed sets are known in any case of letters."""
    for value in CLOSED[field]:
        assert repr(read(f"{field}:{value.title()}")) == repr(Term(field, value))
        assert repr(read(f'{field}:"{value}"')) == repr(Term(field, value))


@pytest.mark.parametrize("field", ["has", "is"])
def test_flags(read, field):
    """``has:`` and ``is:`` make flags."""
    for value in CLOSED[field]:
        assert repr(read(f"{field}:{value.upper()}")) == repr(Flag(field, value))


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("status:fail", "failed"),
        ("status:in-progress", "in_progress"),
        ("status:fail*", "failed"),
        ("status:xyzzy", "completed"),
        ("sentiment:angry", "negative"),
        ("has:recordings", "recording"),
        ("is:hold", "held"),
        ('status:"failed"*', "failed"),
    ],
)
def test_unknown_values_of_closed_sets(refused, query, hint):
    """The caret is under the value; the hint has the nearest one, and all there are."""
    error = refused(query)
    assert query[error.column :][: error.length] == query.partition(":")[2]
    assert hint in error.hint


def test_groups_of_values(read):
    """OR, NOT and parentheses work among the values of a field."""
    failed, abandoned = Term("status", "failed"), Term("status", "abandoned")
    assert repr(read("status:(failed OR abandoned)")) == repr(Or((failed, abandoned)))
    assert repr(read("status:(NOT failed -(abandoned))")) == repr(
        And((Not(failed), Not(abandoned)))
    )
    assert repr(read('topic:("a b" OR c*)')) == repr(
        Or((Term("topic", "a b"), Term("topic", "c", prefix=True)))
    )


def test_a_group_ends_with_its_parenthesis(read):
    """What stands behind it is text again."""
    assert repr(read("topic:(a) b")) == repr(And((Term("topic", "a"), Word("b"))))


@pytest.mark.parametrize(
    ("query", "low", "high", "open_low", "open_high"),
    [
        ("duration:>5m", 300.0, None, True, False),
        ("duration:>=5min", 300.0, None, False, False),
        ("duration:<90", None, 90.0, False, True),
        ("duration:<=1h30m", None, 5400.0, False, False),
        ("duration:30s..2m", 30.0, 120.0, False, False),
        ("duration:4:07..1:02:03", 247.0, 3723.0, False, False),
        ("duration:..1.5h", None, 5400.0, False, False),
        ("duration:1h..", 3600.0, None, False, False),
        ("duration:>30..<60", 30.0, 60.0, True, True),
        ("duration:5m", 300.0, 360.0, False, True),
        ("duration:5M30S", 330.0, 331.0, False, True),
        ("duration:2h", 7200.0, 10800.0, False, True),
        ("duration:247", 247.0, 248.0, False, True),
        ("duration:247.5", 247.5, 247.5, False, False),
        ("turns:20", 20.0, 20.0, False, False),
        ("turns:>20", 20.0, None, True, False),
        ("turns:5..10", 5.0, 10.0, False, False),
        ('turns:"5..10"', 5.0, 10.0, False, False),
    ],
)
def test_numbers(read, query, low, high, open_low, open_high):
    """Comparisons and ranges are exact; a duration alone is as coarse as it is written."""
    field = query.partition(":")[0]
    assert repr(read(query)) == repr(Range(field, low, high, open_low, open_high))


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("duration:long", "long"),
        ("duration:5x", "5x"),
        ("duration:>5x", "5x"),
        ("duration:30s..2x", "2x"),
        ("duration:2m..30s", "2m..30s"),
        ("duration:>30..30", ">30..30"),
        ("duration:..", ".."),
        ("duration:>", ">"),
        ("duration:1:75", "1:75"),
        ("duration:99999999999", "99999999999"),
        ("turns:5.5", "5.5"),
        ("turns:many", "many"),
        ("turns:5*", "5*"),
        ("turns:10..5", "10..5"),
        ('turns:"5..x"', "x"),
        ("id:a*b", "a*b"),
        ("id:*", "*"),
        ("id:**", "**"),
        ("topic:billing~", "billing~"),
        ("topic:billing~2", "billing~2"),
        ('topic:"a b"~2', '"a b"~2'),
        ('topic:""', '""'),
        ("topic:-billing", "-"),
        ("customer:-refund", "-"),
        ('customer:-"a b"', "-"),
        ("customer:*", "*"),
        ("customer:(a OR *)", "*"),
        ("customer:colour:red", "colour"),
    ],
)
def test_values_that_a_field_does_not_take(refused, query, place):
    """The caret is under the part of the value that is wrong."""
    error = refused(f"x {query}")
    assert error.query[error.column :][: error.length] == place


@pytest.mark.parametrize(
    "query", ["status:", "status: failed", "(status:)", "customer:OR", "id: ", "date:)"]
)
def test_a_field_without_a_value_is_an_error(refused, query):
    """The caret is under the field."""
    error = refused(f"x {query}")
    assert error.query[error.column :][: error.length].endswith(":")


@pytest.mark.parametrize(
    "query",
    ["customer:(agent-said:x)", "customer:(a status:x)", "topic:(source:x)", "customer:agent:x"],
)
def test_fields_within_fields_are_errors(refused, query):
    """The caret is under the inner field."""
    error = refused(query)
    assert error.column == query.rindex(":") - error.length + 1
    assert "within" in error.what
