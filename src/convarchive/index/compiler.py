"""From the tree of a query to Tantivy's query objects.

Never through Tantivy's own query language: that drops what it does not understand (``invoice OR
-cancel`` ignores the negation), and an archive must not answer another question than was asked.

What is said is looked for in every field of its scope, stemmed by each language that the archive
has. Only that counts for the ranking, in which two things more do that find nothing by themselves:
that a word stands in the very form that was asked for, and that two of them stand close together.
Filters choose, and add nothing to the score.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from convarchive.errors import QueryError
from convarchive.index import digits, documents, schema
from convarchive.index.words import words
from convarchive.query import tree

if TYPE_CHECKING:
    from tantivy import Occur, Query, Schema, TextAnalyzer

    Node = tree.Node

_FIELDS: Final = {"agent": "agent_id"}
"""Names of the query language that are not the index's."""

_SCOPES: Final = {"customer": ("customer",), "agent": ("agent",), "summary": ("summary",)}

_SAME_FORM: Final = 0.3
"""How much a word counts in the form that was asked for, beside what it counts in any."""

_CLOSE: Final = 0.3
_APART: Final = 4
"""How much two words count that stand close together, beside what each of them does; and how many
words may stand between. Both by trial on the collections of `benchmarks/retrieval.py`."""

_DIALLED: Final = re.compile(r"\+?[\d\s().\-/]+")

Verify = Callable[[tree.Phrase, "str | None", "Query"], Sequence[int]]
"""From a sloppy phrase, its scope and a query for candidates to the keys that really have it."""


class Compiler:
    """Compiles one query.

    Args:
        schema_: Of the open index.
        languages: Those of `schema.FORMS` that the index has anything of.
        verify: Checks the candidates of a phrase with words between, which the engine can't: it
            would find such a phrase across two turns.
    """

    def __init__(self, schema_: Schema, languages: Sequence[str], verify: Verify) -> None:
        self._schema = schema_
        self._languages = languages
        self._verify = verify
        self._stemmers: dict[str, TextAnalyzer] = {}

    def compile(self, node: Node, scope: str | None = None) -> Query:
        """The engine's form of a query.

        Raises:
            QueryError: A word has nothing in it that could be found.
        """
        from tantivy import Query

        match node:
            case tree.All():
                return _unscored(Query.all_query())
            case tree.And(children):
                return self._every(children, scope)
            case tree.Or(children):
                return _any(self.compile(child, scope) for child in children)
            case tree.Not(child):
                return self._every((node,), scope)
            case tree.Within(within, child):
                return self.compile(child, within)
            case tree.Word() | tree.Phrase() | tree.Prefix() | tree.Fuzzy():
                return self._text(node, scope)
            case _:
                return _unscored(self._filter(node))

    def ranking(self, node: Node) -> Query | None:
        """The same, with what counts for the order alone; None where nothing does."""
        from tantivy import Occur, Query

        finer = list(self._finer(node, None))
        if not finer:
            return None
        clauses = [(Occur.Should, Query.boost_query(query, boost)) for query, boost in finer]
        return Query.boolean_query([(Occur.Must, self.compile(node)), *clauses])

    def _finer(self, node: Node, scope: str | None) -> Iterator[tuple[Query, float]]:
        """What makes one of two conversations the better that both have the words."""
        from tantivy import Query

        match node:
            case tree.Within(within, child):
                yield from self._finer(child, within)
            case tree.And(children) | tree.Or(children):
                for child in children:
                    yield from self._finer(child, scope)
                for one, next_ in pairwise(children):
                    if isinstance(one, tree.Word) and isinstance(next_, tree.Word):
                        terms = [*_searchable(one.text), *_searchable(next_.text)]
                        yield self._forms(terms, scope, _APART), _CLOSE
            case tree.Word(text):
                terms = _searchable(text)
                if len(terms) == 1:
                    for field in _SCOPES.get(scope or "", schema.SPOKEN):
                        yield Query.term_query(self._schema, field, terms[0]), _SAME_FORM

    def _every(self, children: Sequence[Node], scope: str | None) -> Query:
        """All of them; what is not wanted is taken away from the rest."""
        from tantivy import Occur, Query

        clauses = [
            (Occur.MustNot, self.compile(child.child, scope))
            if isinstance(child, tree.Not)
            else (Occur.Must, self.compile(child, scope))
            for child in children
        ]
        if all(occur == Occur.MustNot for occur, _ in clauses):
            clauses.append((Occur.Must, _unscored(Query.all_query())))
        return Query.boolean_query(clauses)

    def _text(self, node: Node, scope: str | None) -> Query:
        match node:
            case tree.Word(text) | tree.Phrase(text, 0):
                found = [self._forms(_searchable(text), scope), *self._number(text, scope)]
                return _any(found) if len(found) > 1 else found[0]
            case tree.Phrase(text):
                return self._sloppy(node, _searchable(text), scope)
            case tree.Prefix(text):
                return self._prefix(_searchable(text), scope)
            case tree.Fuzzy(text, distance):
                return self._fuzzy(_searchable(text), distance, scope)
        raise AssertionError(node)

    def _forms(self, terms: Sequence[str], scope: str | None, slop: int = 0) -> Query:
        """One word in any form, or several in this order, side by side."""
        clauses = []
        for language in self._languages:
            stems = self._stems(language, terms)
            clauses += [
                self._row(schema.stemmed(field, language), stems, slop)
                for field in _SCOPES.get(scope or "", schema.SPOKEN)
            ]
        return _any(clauses)

    def _row(self, field: str, terms: Sequence[str], slop: int = 0) -> Query:
        """Terms of one field in this order."""
        from tantivy import Query

        if len(terms) == 1:  # a phrase of one word makes Tantivy panic
            return Query.term_query(self._schema, field, terms[0])
        return Query.phrase_query(self._schema, field, list(terms), slop)

    def _number(self, text: str, scope: str | None) -> Iterator[Query]:
        """What finds a number in any writing; nothing where it is none."""
        if (number := digits.asked(text)) is not None:
            for groups in digits.phrases(number):
                for field in _SCOPES.get(scope or "", schema.SPOKEN):
                    yield self._row(schema.numbers(field), groups)

    def _sloppy(self, node: tree.Phrase, terms: Sequence[str], scope: str | None) -> Query:
        """Conversations that have all the words, of which those are kept that have them so."""
        from tantivy import Occur, Query

        together = Query.boolean_query([(Occur.Must, self._forms([term], scope)) for term in terms])
        keys = list(self._verify(node, scope, together))
        found = Query.term_set_query(self._schema, "rowid", keys)
        return Query.boolean_query([(Occur.Must, together), (Occur.Must, _unscored(found))])

    def _prefix(self, terms: Sequence[str], scope: str | None) -> Query:
        from tantivy import Query

        fields = _SCOPES.get(scope or "", schema.SPOKEN)
        if len(terms) == 1:
            return _any(
                Query.fuzzy_term_query(self._schema, field, terms[0], distance=0, prefix=True)
                for field in fields
            )
        patterns: list[str | tuple[int, str]] = [re.escape(term) for term in terms]
        patterns[-1] = f"{patterns[-1]}.*"
        return _any(Query.regex_phrase_query(self._schema, field, patterns) for field in fields)

    def _fuzzy(self, terms: Sequence[str], distance: int, scope: str | None) -> Query:
        """Each of the words within so many edits; for most there is only one."""
        from tantivy import Occur, Query

        fields = _SCOPES.get(scope or "", schema.SPOKEN)
        each = [
            _any(
                Query.fuzzy_term_query(self._schema, field, term, distance=distance)
                for field in fields
            )
            for term in terms
        ]
        return Query.boolean_query([(Occur.Must, query) for query in each])

    def _filter(self, node: Node) -> Query:
        match node:
            case tree.Term("caller", value, prefix):
                return self._caller(value, prefix)
            case tree.Term("language", value, prefix):
                return self._term("language", documents.language_tag(value), prefix)
            case tree.Term(field, value, prefix):
                return self._term(_FIELDS.get(field, field), documents.exact(value), prefix)
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

    def _stems(self, language: str, terms: Sequence[str]) -> list[str]:
        if language not in self._stemmers:
            self._stemmers[language] = schema.stemming(language)
        return list(self._stemmers[language].analyze(" ".join(terms)))


def is_ranked(node: Node) -> bool:
    """Whether some of what matches can match better than the rest."""
    match node:
        case tree.And(children) | tree.Or(children):
            return any(is_ranked(child) for child in children)
        case tree.Within(_, child):
            return is_ranked(child)
        case tree.Word() | tree.Phrase():
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
    from tantivy import Query

    return Query.boolean_query([(_should(), query) for query in queries])


def _should() -> Occur:
    from tantivy import Occur

    return Occur.Should


def _unscored(query: Query) -> Query:
    from tantivy import Query

    return Query.const_score_query(query, 0.0)


def _up(bound: float, is_open: bool) -> int:
    whole = int(bound) if bound == int(bound) else int(bound) + 1
    return whole + (is_open and whole == bound)


def _down(bound: float, is_open: bool) -> int:
    return int(bound) - (is_open and int(bound) == bound)
