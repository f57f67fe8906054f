"""Words, phrases, beginnings, words with slips; what is text and what is not.

Nodes of different types are equal where their fields are, as all tuples, so they are compared by
their representation.
"""

import pytest

from convarchive.query import All, And, Fuzzy, Phrase, Prefix, Word


@pytest.mark.parametrize(
    "word",
    [
        "refund",
        "don't",
        "don’t",
        "o'brien",
        "AB-12345",
        "+1-555-0100",
        "état",
        "返金",
        "１２３",
        "what?",
        "or",
        "And",
        "not",
        "a~b",
        "!!!",
        "—",
        "a|b",
        "R&D",
        "（x）",
        "status：failed",
        "C#",
        "@x",
    ],
)
def test_a_word_is_taken_as_it_was_typed(read, word):
    """Whatever has no space, quote or parenthesis in it, and no sign of the language, is a word."""
    assert repr(read(word)) == repr(Word(word))


@pytest.mark.parametrize(
    "text",
    [
        "07:30",
        "3:16",
        "https://example.com/a?b=c",
        "ftp://x",
        "mailto:ann@example.com",
        "tel:+15550100",
        "C:\\x",
        "x:y",
        "B2B:x",
        "o'brien:x",
        "std::sort",
        ":-D",
        "10.0.0.1:80",
        "ann@example.com:25",
    ],
)
def test_a_colon_alone_makes_no_field(read, text):
    """Times, links, paths and whatever has something else than a name before its colon is text."""
    assert repr(read(text)) == repr(Word(text))


@pytest.mark.parametrize(
    ("query", "name", "hint"),
    [
        ("statsu:failed", "statsu", "status:"),
        ("Agent_said:x", "Agent_said", "agent-said:"),
        ("after:2026", "after", "since:"),
        ("before:2026", "before", "until:"),
        ("from:x", "from", "caller:"),
        ("speaker:x", "speaker", "agent-said:"),
        ("colour:red", "colour", '"colour:red"'),
        ("farbe:", "farbe", '"farbe:"'),
        ("größe:5", "größe", '"größe:5"'),
        ("mailto:", "mailto", '"mailto:"'),
    ],
)
def test_what_looks_like_a_field_and_is_none_is_an_error(refused, query, name, hint):
    """The caret is under the name, and the hint says which field it is or how to quote the text."""
    error = refused(f"x {query}")
    assert (error.column, error.length) == (2, len(name))
    assert hint in error.hint


def test_everything(read):
    """Nothing, blanks and a star find all."""
    assert {repr(read(query)) for query in ("", "  \n", "*", " * ", "(*)")} == {repr(All())}


def test_a_phrase_keeps_what_is_between_its_quotes(read):
    """Operators, fields and parentheses are text there."""
    assert repr(read('"a (OR) -b: status:x*"')) == repr(Phrase("a (OR) -b: status:x*"))


def test_a_phrase_with_words_between(read):
    """The number behind the tilde says how many words may stand between."""
    assert repr(read('"charged twice"~3')) == repr(Phrase("charged twice", 3))


@pytest.mark.parametrize(
    "query", ["“charged twice”", "„charged twice“", "„charged twice”", "«charged twice»"]
)
def test_typographic_quotes(read, query):
    """Quotes that a word processor has bent are quotes."""
    assert repr(read(query)) == repr(Phrase("charged twice"))


def test_other_quotes_within_quotes(read):
    """Only the fitting kind closes a phrase."""
    assert repr(read('"say “yes”"')) == repr(Phrase("say “yes”"))


@pytest.mark.parametrize(
    ("query", "text"),
    [(r'"a \"b\" c"', 'a "b" c'), (r'"a\\"', "a\\"), (r'"C:\new"', r"C:\new")],
)
def test_escapes(read, query, text):
    """A backslash escapes quotes and itself, and is itself before anything else."""
    assert repr(read(query)) == repr(Phrase(text))


def test_quotes_end_a_word(read):
    """No space is needed between a word and a phrase."""
    assert repr(read('a"b c"d')) == repr(And((Word("a"), Phrase("b c"), Word("d"))))


def test_a_beginning(read):
    """A star at the end asks for what begins so."""
    assert repr(read("refund*")) == repr(Prefix("refund"))


@pytest.mark.parametrize(("query", "distance"), [("refnd~", 1), ("refnd~1", 1), ("refnd~2", 2)])
def test_words_with_slips(read, query, distance):
    """A tilde at the end asks for words within one edit, or two."""
    assert repr(read(query)) == repr(Fuzzy("refnd", distance))


@pytest.mark.parametrize("query", ["x~0", "x~3", "x~0.8", "x~22"])
def test_other_distances_are_errors(refused, query):
    """The caret is under the distance."""
    assert (refused(query).column, refused(query).length) == (1, len(query) - 1)


@pytest.mark.parametrize("query", ["re*nd", "*fund", "**", "a**", "a*~", "a~*", "~", "~2", "~~"])
def test_signs_elsewhere_are_errors(refused, query):
    """A sign that cannot be meant as a sign is not searched for as text either."""
    assert f'"{query}"' in refused(query).hint


@pytest.mark.parametrize(
    ("query", "column", "hint"),
    [
        ("a && b", 2, "AND"),
        ("a || b", 2, "OR"),
        ("a | b", 2, "OR"),
        ("a&&b", 1, "AND"),
        ("a !b", 2, "-b"),
        ("status=failed", 6, "status:failed"),
        ("duration>5m", 8, "duration:>5m"),
        ("Turns>=5", 5, "Turns:>=5"),
    ],
)
def test_signs_of_other_languages_are_errors(refused, query, column, hint):
    """They would silently ask for something else; the hint says how it is written here."""
    error = refused(query)
    assert error.column == column
    assert hint in error.hint


@pytest.mark.parametrize("query", ['""', '" "', "“”"])
def test_an_empty_phrase_is_an_error(refused, query):
    """There is nothing to search for."""
    assert (refused(f"a {query}").column, refused(f"a {query}").length) == (2, len(query))


@pytest.mark.parametrize("query", ['"a b"~', '"a b"~x', '"a b"*', '"a b"~1234', '"a b"~2x'])
def test_what_cannot_follow_a_phrase(refused, query):
    """The caret is under what follows."""
    assert refused(query).column == 5


@pytest.mark.parametrize("query", ['a "b', "a “b", 'a "b”', r'a "b\"', 'a "'])
def test_an_open_quote_is_an_error(refused, query):
    """The caret is under the quote that opens."""
    assert (refused(query).column, refused(query).length) == (2, 1)
