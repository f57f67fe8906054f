"""``pattern:FILE``: regular expressions of the user's own, each with the name of its marker.

A line each, ``NAME EXPRESSION``, or a ``.toml`` file of ``NAME = 'EXPRESSION'``; lines that begin
with ``#`` are remarks. They are read by `regex <https://github.com/mrabarnett/mrab-regex>`_, which
knows all that Python's own ``re`` does, and, what that does not, a time limit: an expression that
needs more than `SECONDS` for one text is an error, and nothing is exported. To go on without it
would be to hand over what it should have hidden.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from convarchive.errors import UsageError
from convarchive.redact.script import Find, Script, Span

if TYPE_CHECKING:
    import regex

SECONDS: Final = 5.0

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_-]*")


class Patterns:
    """A finder by these expressions.

    Args:
        expressions: By the names of their markers.
        origin: What to call the file in errors.

    Raises:
        UsageError: One is no regular expression, finds the empty text, or has a name with digits.
    """

    def __init__(self, expressions: dict[str, str], origin: str) -> None:
        self._origin = origin
        self._compiled = {name: _compiled(name, it, origin) for name, it in expressions.items()}

    def find(self, script: Script) -> Iterator[Find]:
        """Where they match, in each line by itself.

        Raises:
            UsageError: One takes too long.
        """
        for at, line in enumerate(script.lines):
            for name, pattern in self._compiled.items():
                try:
                    matches = list(pattern.finditer(line.text, timeout=SECONDS))
                except TimeoutError as error:
                    raise UsageError(
                        f"The pattern {name} in {self._origin} takes too long.",
                        f"One text of {len(line.text):,} characters took more than"
                        f" {SECONDS:.0f} seconds, as nested repetitions do.",
                        "Write it without a repetition inside of another.",
                    ) from error
                for match in matches:
                    if match.end() > match.start():
                        yield Find(name, (Span(at, *match.span()),))


def read(path: Path) -> dict[str, str]:
    """The expressions of a file by their names.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text) if path.suffix == ".toml" else _lines(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"The patterns in {path} cannot be read.", f"{error}.") from error
    for name, expression in table.items():
        if not isinstance(expression, str):
            raise UsageError(f"{name} in {path} is no text.", "", "Write: name = 'expression'")
    if not table:
        raise UsageError(f"There is no pattern in {path}.")
    return table


def _lines(text: str) -> dict[str, Any]:
    lines = [line.strip() for line in text.splitlines()]
    found = {}
    for line in lines:
        if line and not line.startswith("#"):
            name, _, expression = line.partition(" ")
            found[name] = expression.strip()
    return found


def _compiled(name: str, expression: str, origin: str) -> regex.Pattern[str]:
    import regex

    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} in {origin} is no name for a marker.", "",
            "Use letters, - and _; each line is a name, a space, an expression.",
        )  # fmt: skip
    try:
        pattern = regex.compile(expression)
    except regex.error as error:
        raise UsageError(f"The pattern {name} in {origin} is not valid.", f"{error}.") from error
    if not expression or pattern.fullmatch(""):
        raise UsageError(f"The pattern {name} in {origin} finds nothing, everywhere.")
    return pattern
