"""Saved searches: queries with a name, in ``convarchive.toml``, that a query can use as ``@name``.

::

    [searches]
    refunds = 'customer:(refund OR "money back")'

What is saved is text. It is read again each time, so ``since:7d`` in it are the last seven days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from convarchive import settings
from convarchive.errors import QueryError, SettingsError, UsageError
from convarchive.query.lexer import lex
from convarchive.query.names import nearest

_SECTION = "searches"
_NAME = r"[^\W_][\w-]{0,39}"


def read(directory: Path) -> dict[str, str]:
    """The saved searches by name, in the order of the file.

    Raises:
        SettingsError: The file can't be read, or one of them is no text.
    """
    found = settings.read(directory, _SECTION)
    for name, query in found.items():
        if not isinstance(query, str):
            raise SettingsError(f"{directory / settings.FILE}: {_SECTION}.{name} should be a text.")
    return found


def save(
    directory: Path, name: str, query: str, parse: Callable[[str, Mapping[str, str]], object]
) -> str | None:
    """Save a query; what was saved under this name before, if anything was.

    Args:
        directory: Of the archive.
        name: What it is called from now on.
        query: What it stands for.
        parse: Raises `QueryError` where a query is not understood with these saved searches.

    Raises:
        QueryError: It is not understood.
        UsageError: The name won't do.
    """
    if not re.fullmatch(_NAME, name):
        raise UsageError(
            f"{name!r} won't do as the name of a search.",
            "Letters, digits, - and _ will, up to 40.",
        )
    known = read(directory)
    parse(query, known | {name: query})
    settings.put(directory, _SECTION, name, query)
    return known.get(name)


def forget(directory: Path, name: str) -> None:
    """Remove a saved search.

    Raises:
        UsageError: There is none of this name, or something else needs it.
    """
    known = read(directory)
    if name not in known:
        near = nearest(name, known)
        raise UsageError(
            f"There is no saved search {name!r}.", "",
            f"Did you mean {near}?" if near else "See: convarchive search --saved",
        )  # fmt: skip
    others = {f"the saved search {other!r}": query for other, query in known.items()}
    for other, alert in settings.read(directory, "alerts").items():
        uses = alert.get("query") if isinstance(alert, dict) else None
        others[f"the alert {other!r}"] = uses if isinstance(uses, str) else ""
    for other, query in others.items():
        if name in names(query):
            raise UsageError(f"The saved search {name!r} is needed by {other}.")
    settings.drop(directory, _SECTION, name)


def names(query: str) -> set[str]:
    """The saved searches that a query uses by itself."""
    try:
        tokens = lex(query)
    except QueryError:
        return set()
    return {token.text[1:] for token in tokens if token.kind == "word" and token.text[0] == "@"}
