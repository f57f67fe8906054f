"""What the name of a transcript's file tells of the call, by a pattern that the user gives.

::

    {started_at:%Y-%m-%d_%H%M}_{caller_number}_{agent_id}_{id}
    2026-01-15_1042_+15550104477_billing_8f2kq1.srt

A field in braces is one of `FIELDS`; times have a format of ``strptime``. A field ends where what
follows it in the pattern comes first, and the last one goes to the end. A pattern with a ``/`` is
for the path below the directory that is imported, any other for the name of the file; the suffix is
part of neither. A name that the pattern does not fit is an error, and never a guess.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath
from typing import Any, Final

from convarchive.errors import Unreadable, UsageError
from convarchive.store.rows import PLAIN

FIELDS: Final = tuple(name for name in PLAIN if name != "source")
"""Which a name can tell."""

_TIMES: Final = ("started_at", "ended_at")
_FIELD: Final = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_DIGITS: Final = {"Y": 4, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "y": 2, "j": 3}
_DIRECTIVES: Final = {
    **{letter: rf"[0-9]{{{many}}}" for letter, many in _DIGITS.items()},
    **dict.fromkeys("aAbBp", r"[^\W\d_]+"),
    "f": r"[0-9]{1,6}",
    "z": r"(?:Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
_SUFFIXES: Final = (".srt", ".vtt", ".txt", ".text")


class Pattern:
    """A pattern, ready to be asked.

    Args:
        text: As the user wrote it.
        zone: Of times that do not name theirs; None for the machine's own.

    Raises:
        UsageError: It names a field that there is not, or has none, or a format that is none.
    """

    def __init__(self, text: str, zone: tzinfo | None) -> None:
        self._text = text
        self._zone = zone
        self._formats: dict[str, str] = {}
        parts, at = [], 0
        for field in _FIELD.finditer(text):
            parts += [re.escape(text[at : field.start()]), self._group(field[1], field[2])]
            at = field.end()
        if "id" not in self._formats:
            raise UsageError(
                f"The pattern {text!r} has no {{id}}.", "Every conversation needs one.",
                f"Fields are: {', '.join(FIELDS)}.",
            )  # fmt: skip
        self._expression = re.compile("".join(parts) + re.escape(text[at:]), re.DOTALL)

    def told(self, relative: str) -> dict[str, Any]:
        """The fields that the name of a file tells.

        Raises:
            Unreadable: It does not fit.
        """
        name = without_suffix(relative)
        found = self._expression.fullmatch(name if "/" in self._text else PurePosixPath(name).name)
        if found is None:
            raise Unreadable(f"Its name does not fit the pattern {self._text!r}.")
        return {field: self._value(field, value) for field, value in found.groupdict().items()}

    def _group(self, field: str, form: str | None) -> str:
        if field not in FIELDS or field in self._formats:
            why = "It is in the pattern twice." if field in self._formats else ""
            raise UsageError(
                f"The pattern {self._text!r} has a field {field!r} that it cannot have.", why,
                f"Fields are: {', '.join(FIELDS)}.",
            )  # fmt: skip
        if bool(form) != (field in _TIMES):
            raise UsageError(
                f"In the pattern {self._text!r} the field {field!r} is written in a wrong way.",
                "Times have a format, and other fields have none.",
                "Write it as {started_at:%Y-%m-%d_%H%M}, or {id}.",
            )
        self._formats[field] = form or ""
        return f"(?P<{field}>{_expression(form) if form else '.+?'})"

    def _value(self, field: str, value: str) -> Any:
        if field == "duration":
            try:
                return float(value)
            except ValueError as error:
                raise Unreadable(f"Its name tells no duration in seconds: {value!r}.") from error
        return self._instant(value, self._formats[field]) if field in _TIMES else value

    def _instant(self, value: str, form: str) -> str:
        try:
            moment = datetime.strptime(value, form)  # noqa: DTZ007 - the zone follows
            if moment.tzinfo is None and self._zone is not None:
                moment = moment.replace(tzinfo=self._zone)
            text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
        except (ValueError, OverflowError, OSError) as error:
            raise Unreadable(f"Its name tells no time: {value!r}.", f"{error}.") from error
        return (text.rstrip("0") if "." in text else text) + "Z"


def without_suffix(relative: str) -> str:
    """The path of a transcript below the place that is imported, as an id where no pattern is."""
    lower = relative.lower()
    if lower.endswith(".gz"):
        return without_suffix(relative[:-3])
    return next((relative[: -len(end)] for end in _SUFFIXES if lower.endswith(end)), relative)


def _expression(form: str) -> str:
    """What a format of ``strptime`` takes, as a regular expression.

    Raises:
        UsageError: A directive is none of those that can be read.
    """
    parts = re.split(r"%(.)", form)
    for directive in parts[1::2]:
        if directive not in _DIRECTIVES:
            raise UsageError(
                f"The pattern has %{directive}, which is none of a time's directives.", "",
                f"There are: {' '.join('%' + known for known in _DIRECTIVES)}.",
            )  # fmt: skip
    return "".join(
        _DIRECTIVES[part] if at % 2 else re.escape(part) for at, part in enumerate(parts)
    )
