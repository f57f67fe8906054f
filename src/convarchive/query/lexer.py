r"""A query cut into tokens, each with its column.

* Spaces separate. So do parentheses and quotes, which are tokens of their own.
* Quotes are ``"…"`` and what word processors make of them: ``“…”``, ``„…“``, ``«…»``, ``»…«``,
  ``”…”``. Inside, ``\"`` is a quote and ``\\`` a backslash; any other backslash is itself.
* Everything else is a run of characters, apostrophes, hyphens, colons and backslashes included:
  ``don't``, ``AB-12345``, ``07:30``, ``C:\x``. Full-width punctuation is text like any other.
* A run that begins with a field's name and a colon is the field and then its value. The value of a
  field is taken as it stands, so ``topic:OR`` and ``id:a:b`` are what they look like; only behind a
  scope, ``customer:…``, the rules for text hold on.
* A run of ``AND``, ``OR``, ``NOT`` in capitals is an operator, and so is ``-`` before a run.
* A phone number is one word, though it has spaces and parentheses in it (`phones`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from convarchive.query.names import CLOSED, DATES, FIELDS, NUMBERS, SCOPES
from convarchive.query.phones import phone_number
from convarchive.query.tokens import Kind, Place, Token

_CLOSING: Final = {
    '"': '"',
    "“": "”“",
    "„": "“”",
    "”": "”",
    "«": "»",
    "»": "«»",
}
"""An opening quote, and what may close it."""

_OPERATORS: Final[dict[str, Kind]] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}
_ENDS: Final = frozenset("()" + "".join(_CLOSING))
"""What ends a run of characters, beside spaces."""

_NO_TEXT: Final = "[\ud800-\udfff]+"
"""Bytes that are no UTF-8 reach Python as halves of surrogate pairs, and no index has any."""

_NO_PHONES: Final = frozenset((*CLOSED, *DATES, *NUMBERS))


def lex(query: str) -> list[Token]:
    """The tokens of a query; the last one is ``end``.

    Raises:
        QueryError: A quote is never closed, or something is no text at all.
    """
    if not query.isascii() and (broken := re.search(_NO_TEXT, query)):
        place = Place(query, broken.start(), len(broken[0]))
        raise place.error("Here is something that is no text.", "Write the query in UTF-8.")
    return list(_tokens(query))


def _tokens(query: str) -> Iterator[Token]:
    column = 0
    field = ""
    while column < len(query):
        if query[column].isspace():
            column += 1
            continue
        token = _token(query, column, field)
        yield token
        column = token.place.end
        field = token.text if token.kind == "field" else ""
    yield Token("end", "", Place(query, len(query), 1))


def _token(query: str, column: int, field: str) -> Token:
    """The token at this column, behind the colon of this field, if of any."""
    if field not in _NO_PHONES:
        end = phone_number(query, column, caller=field == "caller")
        if end is not None:
            return _word(query, column, end)
    character = query[column]
    if character == "(":
        return Token("(", "(", Place(query, column, 1))
    if character == ")":
        return Token(")", ")", Place(query, column, 1))
    if character in _CLOSING:
        return _phrase(query, column)
    is_value = field and field not in SCOPES
    if character == "-" and not is_value:
        return Token("-", "-", Place(query, column, 1))
    end = _run_end(query, column)
    if is_value:
        return _word(query, column, end)
    return _text(query, column, end)


def _text(query: str, column: int, end: int) -> Token:
    """A run outside of quotes: an operator, a field or a word."""
    run = query[column:end]
    if operator := _OPERATORS.get(run):
        return Token(operator, run, Place(query, column, len(run)))
    name, colon, _ = run.partition(":")
    if colon and name.lower() in FIELDS:
        return Token("field", name.lower(), Place(query, column, len(name) + 1))
    return _word(query, column, end)


def _word(query: str, column: int, end: int) -> Token:
    return Token("word", query[column:end], Place(query, column, end - column))


def _phrase(query: str, column: int) -> Token:
    closing = _CLOSING[query[column]]
    text = []
    at = column + 1
    while at < len(query) and query[at] not in closing:
        if query[at] == "\\" and query[at + 1 : at + 2] in ("\\", *_CLOSING):
            at += 1
        text.append(query[at])
        at += 1
    if at >= len(query):
        raise Place(query, column, 1).error(
            "This quote is never closed.", f"Close it with {closing[0]}."
        )
    at += 1
    end = _run_end(query, at) if query[at : at + 1] in ("~", "*") else at
    return Token("phrase", "".join(text), Place(query, column, end - column), query[at:end])


def _run_end(query: str, column: int) -> int:
    ends = (at for at in range(column, len(query)) if query[at].isspace() or query[at] in _ENDS)
    return next(ends, len(query))
