"""From the tree of a query to Tantivy's query objects.

Never through Tantivy's own query language: that drops what it does not understand (``invoice OR
-cancel`` ignores the negation), and an archive must not answer another question than was asked.

What is said is looked for in the field of its scope, stemmed by each language that the archive has.
Only that counts for the ranking, and three things more that find nothing by themselves: that a word
stands in the very form that was asked for, that it stands in the summary, and that two of them
stand side by side. Filters choose, and add nothing to the score.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from convarchive.errors import QueryError
from convarchive.index import digits, documents, schema
from convarchive.index.stems import stems_of
from convarchive.index.words import words
from convarchive.query import tree

if TYPE_CHECKING:
    from tantivy import Query, Schema

    Node = tree.Node

_FIELDS: Final = {"agent": "agent_id"}
"""Names of the query language that are not the index's."""

_SAME_FORM: Final = 0.15
_IN_SUMMARY: Final = 0.1
_TOGETHER: Final = 0.3
"""How much it counts, beside the word itself, that it stands in the form that was asked for, that
it stands in the summary, and that two words stand side by side in one turn. By trial on the
collections of `benchmarks/retrieval.py`."""

_NO_SLIP: Final = 0.5
"""How much it counts for a near word that it is the word, or a form of it."""

_DIALLED: Final = re.compile(r"\+?[\d\s().\-/]+")

Verify = Callable[[tree.Phrase, str, "Query"], Sequence[int]]
"""From a sloppy phrase, its scope and a query for candidates to the keys that really have it."""

Held = Callable[[], Sequence[int]]
"""The keys of what a legal hold protects. The index does not have it: a hold of a hundred thousand
is right at once when it is placed and when it is released, and asking takes a tenth of a second."""


class Compiler:
    """Compiles one query.

    Args:
        schema_: Of the open index.
        languages: Those of `schema.FORMS` that the index has anything of.
        verify: Checks the candidates of a phrase with words between, which the engine can't: it
            would find such a phrase across two turns.
        held: Asked for where a query has ``is:held``.
    """

    def __init__(
        self, schema_: Schema, languages: Sequence[str], verify: Verify, held: Held
    ) -> None:
        self._schema = schema_
        self._languages = languages
        self._verify = verify
        self._held = held

    def compile(self, node: Node, scope: str = schema.SAID, *, ranked: bool = False) -> Query:
        """The engine's form of a query.

        Args:
            node: The query.
            scope: The field of `schema.SPOKEN` in which text is looked for.
            ranked: With what makes one hit better than another; it finds the same.

        Raises:
            QueryError: A word has nothing in it that could be found.
        """
        from tantivy import Query

        match node:
            case tree.All():
                return _unscored(Query.all_query())
            case tree.And(children):
                return self._every(children, scope, ranked)
            case tree.Or(children):
                either = [self.compile(child, scope, ranked=ranked) for child in children]
                return _any([*either, *(self._together(children, scope) if ranked else ())])
            case tree.Not():
                return self._every((node,), scope, ranked)
            case tree.Within(within, child):
                return self.compile(child, within, ranked=ranked)
            case tree.Word() if ranked:
                # What has one of the better forms has the word as well.
                return _any([self._text(node, scope), *self._better(node, scope)])
            case tree.Fuzzy() if ranked:
                return self._every((node,), scope, ranked)
            case tree.Word() | tree.Phrase() | tree.Prefix() | tree.Fuzzy():
                return self._text(node, scope)
            case _:
                return _unscored(self._filter(node))

    def _every(self, children: Sequence[Node], scope: str, ranked: bool) -> Query:
        """All of them; what is not wanted is taken away from the rest."""
        from tantivy import Occur, Query

        clauses = []
        for child in children:
            if isinstance(child, tree.Not):
                clauses.append((Occur.MustNot, self.compile(child.child, scope)))
            elif isinstance(child, tree.Word | tree.Fuzzy):
                clauses.append((Occur.Must, self._text(child, scope)))
                # Beside it, as it takes the engine longer to join what is found to a union.
                clauses += [
                    (Occur.Should, query)
                    for query in (self._better(child, scope) if ranked else ())
                ]
            else:
                clauses.append((Occur.Must, self.compile(child, scope, ranked=ranked)))
        if all(occur == Occur.MustNot for occur, _ in clauses):
            clauses.append((Occur.Must, _unscored(Query.all_query())))
        together = self._together(children, scope) if ranked else ()
        return Query.boolean_query([*clauses, *((Occur.Should, query) for query in together)])

    def _together(self, children: Sequence[Node], scope: str) -> Iterator[Query]:
        """Words that stand side by side in the query as they do in what was said."""
        from tantivy import Query

        for one, next_ in pairwise(children):
            if isinstance(one, tree.Word) and isinstance(next_, tree.Word):
                terms = [*_searchable(one.text), *_searchable(next_.text)]
                yield Query.boost_query(self._forms(terms, scope), _TOGETHER)

    def _better(self, node: Node, scope: str) -> Iterator[Query]:
        """What makes one of two conversations the better that both have the word."""
        from tantivy import Query

        match node:
            case tree.Word(text):
                terms = _searchable(text)
                if len(terms) == 1:
                    yield Query.boost_query(self._row(scope, terms), _SAME_FORM)
                if scope == schema.SAID:
                    yield Query.boost_query(self._forms(terms, "summary"), _IN_SUMMARY)
            case tree.Fuzzy(text):
                terms = _searchable(text)
                for query in (self._forms(terms, scope), self._row(scope, terms)):
                    yield Query.boost_query(query, _NO_SLIP)

    def _text(self, node: Node, scope: str) -> Query:
        match node:
            case tree.Word(text) | tree.Phrase(text, 0):
                return _any([self._forms(_searchable(text), scope), *self._number(text, scope)])
            case tree.Phrase(text):
                return self._sloppy(node, _searchable(text), scope)
            case tree.Prefix(text):
                return _unscored(self._prefix(_searchable(text), scope))
            case tree.Fuzzy(text, distance):
                return _unscored(self._fuzzy(_searchable(text), distance, scope))
        raise AssertionError(node)

    def _forms(self, terms: Sequence[str], scope: str) -> Query:
        """One word in any form, or several in this order, side by side."""
        return _any(
            self._stemmed(language, stems_of(language).of(terms), scope)
            for language in self._languages
        )

    def _stemmed(self, language: str, stems: Sequence[str], scope: str) -> Query:
        from tantivy import Occur, Query

        field = schema.pairs(language)
        pairs = [
            Query.term_query(self._schema, field, schema.PAIRED.join(two))
            for two in pairwise(stems)
        ]
        if len(pairs) == 1 and scope == schema.SAID:
            return pairs[0]
        row = self._row(schema.stemmed(scope, language), stems)
        if not pairs:
            return row
        # The pairs are not enough, but what lacks one of them need not be looked at.
        clauses = [(Occur.Must, row), *((Occur.Must, _unscored(pair)) for pair in pairs)]
        return Query.boolean_query(clauses)

    def _row(self, field: str, terms: Sequence[str]) -> Query:
        """Terms of one field in this order."""
        from tantivy import Query

        if len(terms) == 1:  # a phrase of one word makes Tantivy panic
            return Query.term_query(self._schema, field, terms[0])
        return Query.phrase_query(self._schema, field, list(terms))

    def _number(self, text: str, scope: str) -> Iterator[Query]:
        """What finds a number in any writing; nothing where it is none."""
        if (number := digits.asked(text)) is not None:
            for groups in digits.phrases(number):
                yield self._row(schema.numbers(scope), groups)

    def _sloppy(self, node: tree.Phrase, terms: Sequence[str], scope: str) -> Query:
        """Conversations that have all the words, of which those are kept that have them so."""
        from tantivy import Occur, Query

        together = Query.boolean_query([(Occur.Must, self._forms([term], scope)) for term in terms])
        keys = self._verify(node, scope, together)
        found = _unscored(self._among(keys))
        return Query.boolean_query([(Occur.Must, together), (Occur.Must, found)])

    def _among(self, keys: Sequence[int]) -> Query:
        """The conversations of these keys."""
        from tantivy import Query

        return Query.term_set_query(self._schema, "rowid", list(keys))

    def _prefix(self, terms: Sequence[str], scope: str) -> Query:
        from tantivy import Query

        if len(terms) == 1:
            return Query.fuzzy_term_query(self._schema, scope, terms[0], distance=0, prefix=True)
        patterns: list[str | tuple[int, str]] = [re.escape(term) for term in terms]
        patterns[-1] = f"{patterns[-1]}.*"
        return Query.regex_phrase_query(self._schema, scope, patterns)

    def _fuzzy(self, terms: Sequence[str], distance: int, scope: str) -> Query:
        """Each of the words within so many edits; for most there is only one."""
        from tantivy import Occur, Query

        return Query.boolean_query(
            [
                (Occur.Must, Query.fuzzy_term_query(self._schema, scope, term, distance=distance))
                for term in terms
            ]
        )

    def _filter(self, node: Node) -> Query:
        match node:
            case tree.Term("caller", value, prefix):
                return self._caller(value, prefix)
            case tree.Term("language", value, prefix):
                return self._term("language", documents.language_tag(value), prefix)
            case tree.Term(field, value, prefix):
                return self._term(_FIELDS.get(field, field), documents.exact(value), prefix)
            case tree.Flag("is", "held"):
                return self._among(self._held())
            case tree.Flag(field, value):
                return self._term("flag", f"{field}:{value}", False)
            case tree.Started(since, until):
                return self._range(
                    "started",
                    None if since is None else documents.microseconds(since),
                    None if until is None else documents.microseconds(until) - 1,
                )
            case tree.Range("duration", low, high, open_low, open_high):
                return self._range(
                    "duration",
                    None if low is None else documents.milliseconds(low) + open_low,
                    None if high is None else documents.milliseconds(high) - open_high,
                )
            case tree.Range(_, low, high, open_low, open_high):
                return self._range(
                    "turns",
                    None if low is None else _up(low, open_low),
                    None if high is None else _down(high, open_high),
                )
        raise AssertionError(node)

    def _term(self, field: str, value: str, prefix: bool) -> Query:
        from tantivy import Query

        if prefix:
            return Query.fuzzy_term_query(self._schema, field, value, distance=0, prefix=True)
        return Query.term_query(self._schema, field, value)

    def _caller(self, value: str, prefix: bool) -> Query:
        """A number in any writing; without the country's code it may be the end of one."""
        number = value.strip()
        abroad = number.startswith(("+", "00"))
        # +44 (0)20 … is dialled with the country's code or with the zero.
        digits = re.sub(r"\D", "", number.replace("(0)", "") if abroad else number)
        if not digits or not _DIALLED.fullmatch(number):
            return self._term("caller", documents.exact(value), prefix)
        if prefix or abroad:
            return self._term("caller", "+" + digits.removeprefix("00"), prefix)
        # The zero that opens a number within a country is not part of it abroad.
        return _any(self._term("caller", number, False) for number in {digits, digits.lstrip("0")})

    def _range(self, field: str, low: int | None, high: int | None) -> Query:
        from tantivy import FieldType, Query

        low = schema.UNKNOWN + 1 if low is None else low
        high = schema.LARGEST if high is None else high
        if low > high:
            return Query.empty_query()
        return Query.range_query(self._schema, field, FieldType.Integer, low, high)


def is_ranked(node: Node) -> bool:
    """Whether some of what matches can match better than the rest."""
    match node:
        case tree.And(children) | tree.Or(children):
            return any(is_ranked(child) for child in children)
        case tree.Within(_, child):
            return is_ranked(child)
        case tree.Word() | tree.Phrase() | tree.Fuzzy():
            return True
    return False


def _searchable(text: str) -> list[str]:
    found = words(text)
    if not found:
        raise QueryError(
            f"There is nothing to search for in {text!r}.",
            query=text,
            column=0,
            length=len(text),
            hint="Only letters and digits can be found.",
        )
    return found


def _any(queries: Iterable[Query]) -> Query:
    from tantivy import Occur, Query

    found = list(queries)
    return found[0] if len(found) == 1 else Query.boolean_query([(Occur.Should, q) for q in found])


def _unscored(query: Query) -> Query:
    from tantivy import Query

    return Query.const_score_query(query, 0.0)


def _up(bound: float, is_open: bool) -> int:
    whole = int(bound) if bound == int(bound) else int(bound) + 1
    return whole + (is_open and whole == bound)


def _down(bound: float, is_open: bool) -> int:
    return int(bound) - (is_open and int(bound) == bound)
