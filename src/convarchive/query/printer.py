"""The tree as a query: what was understood, for manifests, logs and the reader's eye.

The text is canonical. It depends on the tree alone: dates are instants in RFC 3339, ``7d`` is the
instant that it was, parentheses stand only where they are needed or where ``OR`` and AND meet. Read
again it gives the same tree, whenever and wherever it is read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from convarchive.errors import QueryError
from convarchive.query.lexer import lex
from convarchive.query.names import SCOPES
from convarchive.query.tree import (
    All,
    And,
    Flag,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Started,
    Term,
    Within,
    Word,
)
from convarchive.query.words import quoted, text_node

_FIELD_OF: Final = {scope: field for field, scope in SCOPES.items()}
_PLAIN_VALUE: Final = re.compile(r"\+?\w[\w.@/'-]*")
_DIGITS_MEET: Final = re.compile(r"[0-9)] \(?[0-9]")


def to_text(node: Node) -> str:
    """The query that `parse` reads as this tree.

    A `Word` that no one could type as a word, since it would be an operator or a field, is printed
    in quotes.

    Raises:
        ValueError: A `Prefix` or `Fuzzy` has a text that no query can express.
    """
    match node:
        case All():
            return "*"
        case Word() | Phrase() | Prefix() | Fuzzy():
            return _text(node)
        case Within(scope, child):
            text = to_text(child)
            single = isinstance(child, Word | Phrase | Prefix | Fuzzy)
            return f"{_FIELD_OF[scope]}:{text if single else f'({text})'}"
        case Term() | Flag() | Range() | Started():
            return _filter(node)
        case Not(child):
            return f"-{_operand(child)}"
        case And(children):
            return _side_by_side([_operand(child) for child in children])
        case Or(children):
            return " OR ".join(_operand(child) for child in children)


def _operand(node: Node) -> str:
    return f"({to_text(node)})" if isinstance(node, And | Or) else to_text(node)


def _side_by_side(operands: list[str]) -> str:
    """Numbers that meet could be read as one phone number; an AND keeps them apart."""
    text = operands[0]
    for before, operand in pairwise(operands):
        meet = _DIGITS_MEET.match(f"{before[-1]} {operand}")
        text += f" AND {operand}" if meet else f" {operand}"
    return text


def _text(node: Word | Phrase | Prefix | Fuzzy) -> str:
    match node:
        case Phrase(text, slop):
            return quoted(text) + (f"~{slop}" if slop else "")
        case Word(text):
            return text if _reads_as(node, text) else quoted(text)
        case Prefix(text):
            written = f"{text}*"
        case Fuzzy(text, distance):
            written = f"{text}~" if distance == 1 else f"{text}~{distance}"
    if not _reads_as(node, written):
        raise ValueError(f"no query can express {node!r}")
    return written


def _reads_as(node: Word | Prefix | Fuzzy, written: str) -> bool:
    """Whether the reader, the only one to know its rules, understands this as this node."""
    try:
        token, *rest = lex(written)
        read = text_node(token) if token.kind == "word" and len(rest) == 1 else None
    except QueryError:
        return False
    return type(read) is type(node) and read == node


def _filter(node: Term | Flag | Range | Started) -> str:
    match node:
        case Term(field, value, prefix):
            written = value if _PLAIN_VALUE.fullmatch(value) else quoted(value)
            return f"{field}:{written}{'*' if prefix else ''}"
        case Flag(field, value):
            return f"{field}:{value}"
        case Started():
            return _started(node)
        case Range():
            return f"{node.field}:{_range(node)}"


def _started(node: Started) -> str:
    if node.until is None:
        return f"since:{_instant(node.since)}"
    if node.since is None:
        return f"until:{_instant(node.until)}"
    return f"date:{_instant(node.since)}..<{_instant(node.until)}"


def _range(node: Range) -> str:
    if node.high is None:
        return f"{'>' if node.open_low else '>='}{_number(node.low)}"
    if node.low is None:
        return f"{'<' if node.open_high else '<='}{_number(node.high)}"
    after, before = ">" if node.open_low else "", "<" if node.open_high else ""
    return f"{after}{_number(node.low)}..{before}{_number(node.high)}"


def _number(value: float | None) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _instant(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else ""
