"""From tokens to the tree, by recursive descent.

::

    query   = [ either ]
    either  = all { OR all }
    all     = negated { [ AND ] negated }
    negated = ( NOT | "-" ) negated | one
    one     = "(" either ")" | word | phrase | field value | "@" name
    value   = word | phrase | "(" either ")"          within which words are values of the field

The tree is made flat on the way: no `And` right within an `And`, no `Or` within an `Or`, no node
with a single child.

``@name`` is a saved search, for who has some: what it stands for is read by itself and put in its
place, so that nothing in it can run into what stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Final

from convarchive.errors import QueryError
from convarchive.query.lexer import lex
from convarchive.query.names import SCOPES, nearest
from convarchive.query.tokens import Token
from convarchive.query.tree import All, And, Node, Not, Or, Within
from convarchive.query.words import quoted, text_node

DEEPEST: Final = 50
"""How deep parentheses and negations may be nested; who walks the tree can recurse."""


Saved = Callable[[], Mapping[str, str]]
"""Gives the saved searches by name; asked only where a query names one."""


def parse(
    text: str, *, now: datetime, zone: tzinfo | None = None, saved: Saved | None = None
) -> Node:
    """The tree of a query.

    Args:
        text: A query; nothing, or ``*``, is `All`.
        now: Aware; what ``7d`` and ``today`` count from.
        zone: For dates that name none; None is the zone of this machine.
        saved: The searches that ``@name`` can stand for; None where that is text.

    Raises:
        QueryError: It cannot be understood; the error knows the place.
    """
    return _Parser(lex(text), now, zone, saved).query()


class _Parser:
    """Walks along the tokens; ``field`` is the one whose group of values this is, if any."""

    def __init__(
        self, tokens: list[Token], now: datetime, zone: tzinfo | None, saved: Saved | None,
        within: tuple[str, ...] = (), depth: int = 0,
    ) -> None:  # fmt: skip
        self._tokens = tokens
        self._now = now
        self._zone = zone
        self._saved = saved
        self._within = within
        self._at = 0
        self._depth = depth

    def query(self) -> Node:
        if self._next.kind == "end":
            return All()
        node = self._either("")
        if self._next.kind == ")":
            raise self._next.place.error("This parenthesis was never opened.")
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _either(self, field: str) -> Node:
        children = [self._all(field)]
        while self._next.kind == "OR":
            self._take()
            children.append(self._all(field))
        return _either_of(children)

    def _all(self, field: str) -> Node:
        children = [self._negated(field)]
        while self._next.kind not in ("OR", ")", "end"):
            if self._next.kind == "AND":
                self._take()
            children.append(self._negated(field))
        return _all_of(children)

    def _negated(self, field: str) -> Node:
        if self._next.kind not in ("NOT", "-"):
            return self._one(field)
        self._enter(self._take())
        node = Not(self._negated(field))
        self._depth -= 1
        return node

    def _one(self, field: str) -> Node:
        token = self._next
        if token.kind == "(":
            return self._group(field)
        if token.kind == "field":
            return self._field(field)
        if token.kind == "word" or token.kind == "phrase":
            return self._leaf(field)
        raise self._nothing_here()

    def _leaf(self, field: str) -> Node:
        token = self._take()
        if self._saved and token.kind == "word" and (not field or field in SCOPES):
            name = token.text[1:]
            if token.text[0] == "@" and name[:1].isalnum():
                return self._saved_search(token, name, field)
        if not field:
            return text_node(token)
        from convarchive.query.dates import Clock
        from convarchive.query.fields import field_node

        return field_node(field, token, Clock(self._now, self._zone))

    def _saved_search(self, token: Token, name: str, field: str) -> Node:
        """What a name stands for."""
        if field:
            raise token.place.error(
                f'A saved search cannot stand behind "{field}:".',
                f"For the text itself write {quoted(token.text)}.",
            )
        known = self._saved() if self._saved else {}
        if name not in known:
            near = nearest(name, known)
            raise token.place.error(
                f'There is no saved search "{name}".',
                f"Did you mean @{near}?" if near else
                f"For the text itself write {quoted(token.text)}.",
            )  # fmt: skip
        if name in self._within:
            raise token.place.error(f'The saved search "{name}" stands for itself.')
        self._enter(token)
        now, zone, within = self._now, self._zone, (*self._within, name)
        try:
            tokens = lex(known[name])
            node = _Parser(tokens, now, zone, self._saved, within, self._depth).query()
        except QueryError as error:
            raise token.place.error(
                f'The saved search "{name}" cannot be understood: {error.what}',
                f"It is: {known[name]}",
            ) from error
        self._depth -= 1
        return node

    def _group(self, field: str) -> Node:
        opened = self._take()
        self._enter(opened)
        node = self._either(field)
        if self._next.kind != ")":
            raise opened.place.error("This parenthesis is never closed.", "Close it with ).")
        self._take()
        self._depth -= 1
        return node

    def _field(self, outer: str) -> Node:
        token = self._take()
        name = token.text
        if outer:
            raise _nested(token, outer)
        value = self._next
        adjacent = value.place.column == token.place.end
        if adjacent and value.kind == "field":
            raise _nested(value, name)
        if adjacent and value.kind == "-":
            raise value.place.error(
                f'"-" cannot stand behind "{name}:".', f"To leave it out write -{name}:…"
            )
        if not adjacent or value.kind not in ("(", "word", "phrase"):
            raise token.place.error(
                f'"{name}:" has no value.', f"Write it right behind the colon: {name}:…"
            )
        node = self._group(name) if value.kind == "(" else self._leaf(name)
        return Within(SCOPES[name], node) if name in SCOPES else node

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise token.place.error(f"This is nested more than {DEEPEST} deep.")

    def _nothing_here(self) -> QueryError:
        """The error for a place where something to search for should stand, and nothing does."""
        token = self._next
        before = self._tokens[self._at - 1] if self._at else None
        if before and before.kind == "(":
            if token.kind == ")":
                place = before.place._replace(length=token.place.end - before.place.column)
                return place.error("There is nothing between these parentheses.")
            if token.kind == "end":
                return before.place.error("This parenthesis is never closed.", "Close it with ).")
        if before and before.kind == "-":
            return before.place.error(
                'A "-" must stand right before what is to be left out.',
                'For the sign itself write "-" in quotes.',
            )
        if before and before.kind in ("AND", "OR", "NOT"):
            return _dangling(before, "after")
        return _dangling(token, "before")


def _dangling(operator: Token, where: str) -> QueryError:
    if operator.kind == ")":
        return operator.place.error("This parenthesis was never opened.")
    return operator.place.error(
        f'"{operator.text}" has nothing {where} it.',
        f"For the word itself write it in small letters: {operator.text.lower()}.",
    )


def _nested(inner: Token, outer: str) -> QueryError:
    return inner.place.error(
        f'"{inner.text}:" cannot stand within "{outer}:".',
        "Write each on its own, or put text in quotes.",
    )


def _all_of(nodes: list[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.children if isinstance(node, And) else (node,))
    return And(tuple(flat)) if len(flat) > 1 else flat[0]


def _either_of(nodes: list[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.children if isinstance(node, Or) else (node,))
    return Or(tuple(flat)) if len(flat) > 1 else flat[0]
