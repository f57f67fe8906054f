"""What the lexer hands to the parser: tokens that know their place in the query.

Every complaint about a query points at a place. So the place travels with the token, and the error
is made from it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from convarchive.errors import QueryError

Kind: TypeAlias = Literal["word", "phrase", "field", "(", ")", "-", "AND", "OR", "NOT", "end"]


class Place(NamedTuple):
    """Some characters of the query."""

    query: str
    column: int
    """Counted from 0."""
    length: int

    @property
    def end(self) -> int:
        """The column after the last character."""
        return self.column + self.length

    def part(self, offset: int, length: int) -> Place:
        """A place within this one."""
        return Place(self.query, self.column + offset, length)

    def error(self, what: str, hint: str = "") -> QueryError:
        """A complaint about this place, to be raised."""
        return QueryError(what, query=self.query, column=self.column, length=self.length, hint=hint)


class Token(NamedTuple):
    """One piece of a query.

    A ``word`` is a run of characters as it was typed, ``*`` or ``~2`` at its end included. A
    ``phrase`` stood in quotes. A ``field`` is a name that exists, with its colon; its value is the
    next token, if that follows without a space.
    """

    kind: Kind
    text: str
    """The word; the phrase without its quotes and escapes; the field's name in lower case."""
    place: Place
    suffix: str = ""
    """What follows the closing quote of a phrase: ``~3``, ``*`` or nothing."""
