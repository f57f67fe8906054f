"""The vendor's documents without what is to be hidden: JSON taken apart, redacted, encoded again.

A document in which nothing is found stays as it came, byte for byte. One that is no JSON can't be
looked into, so it is not handed over.
"""

from __future__ import annotations

import json
from typing import Any

from convarchive.redact.fields import Fields


def redact(body: bytes, fields: Fields) -> bytes | None:
    """The document with markers in the place of what is found; None if it can't be read."""
    repeated: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        # What a repeated name hides from a reader is still among the bytes.
        made = dict(found)
        if len(made) < len(found):
            repeated.append("")
        return made

    try:
        value = json.loads(body, object_pairs_hook=pairs)
        redacted = fields.value(value)
    except (ValueError, RecursionError):
        return None
    return body if redacted == value and not repeated else _encoded(redacted)


def _encoded(value: Any) -> bytes:
    separators = (",", ":")
    try:
        return json.dumps(value, ensure_ascii=False, separators=separators).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can stand for
        return json.dumps(value, separators=separators).encode()
