"""JSON as all exports write it: compact, UTF-8, and the same bytes for the same values.

Keys stay in the order of the model. Text is kept to the character: controls are escaped, everything
else stands for itself. JSON has no way to say *not a number* or *infinite*: those become ``null``.
"""

from __future__ import annotations

from typing import Any, Final

from convarchive import __version__
from convarchive.export.selection import Selection

SCHEMA: Final = "convarchive.export/1"


def encode(value: Any) -> bytes:
    """The value as one line of JSON, without a line break."""
    import msgspec.json

    return msgspec.json.encode(value)


def heading(selection: Selection, **more: Any) -> dict[str, Any]:
    """What every manifest begins with. No time and no machine: equal archives, equal bytes."""
    return {
        "schema": SCHEMA,
        **more,
        "query": selection.query,
        "archive": selection.archive,
        "program": f"convarchive {__version__}",
        "count": selection.count,
    }
