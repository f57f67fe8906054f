"""From the vendor's bytes to JSON values, and from those to a fingerprint.

The bytes are kept as they came, so reading them may be forgiving: a byte order mark, a stray byte
that is no UTF-8, ``NaN``, a number beyond all bounds, half of a surrogate pair. None of that may
cost a conversation.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
from typing import TYPE_CHECKING, Any

from convarchive.errors import UnexpectedAnswer

if TYPE_CHECKING:
    import msgspec

DEEPEST = 100
"""Objects and arrays within each other. Every recursion over a payload stays well within Python's
own limit."""

_LINK = re.compile(r"ur[li]$|link$|^recording$|^audio$", re.IGNORECASE)
_BESIDE_A_LINK = re.compile(r"expir|signature|signed|token", re.IGNORECASE)
_NESTS = frozenset((dict, list))
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(body: bytes) -> Any:
    """The JSON value that these bytes hold, as plain Python objects.

    There are no lone surrogates and no infinite numbers in it; the latter are None.

    Raises:
        UnexpectedAnswer: They hold none; its ``body`` has the bytes.
    """
    import msgspec

    try:
        return _decoder().decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_forgivingly(body)


def fingerprint(value: Any) -> str:
    """SHA-256, in hexadecimal digits, of the canonical JSON without what changes with every answer.

    Of a link only whether there is one counts, since vendors sign it anew for every answer; what
    stands beside it in the same object and names an expiry, a signature or a token is left out.

    Raises:
        UnexpectedAnswer: It is nested deeper than `DEEPEST`.
    """
    import msgspec

    canonical = msgspec.json.encode(_settled(value, DEEPEST), order="sorted")
    return hashlib.sha256(canonical).hexdigest()


@functools.cache
def _decoder() -> msgspec.json.Decoder[Any]:
    import msgspec

    return msgspec.json.Decoder(float_hook=finite)


def _decode_forgivingly(body: bytes) -> Any:
    import json

    try:
        text = body.decode("utf-8-sig", errors="replace")
        return _scrubbed(
            json.loads(
                text,
                strict=False,
                parse_float=finite,
                parse_int=_whole,
                parse_constant=lambda _: None,
            )
        )
    except (ValueError, RecursionError) as error:
        refusal = UnexpectedAnswer(
            "The answer is not the JSON that it should be.", f"It begins: {_beginning(body)}."
        )
        refusal.body = body
        raise refusal from error


def _beginning(body: bytes) -> str:
    return repr(body[:60].decode("utf-8", errors="replace"))


def finite(digits: str) -> float | None:
    """The number that is written so; None if it is beyond all bounds."""
    number = float(digits)
    return number if math.isfinite(number) else None


def _whole(digits: str) -> int | None:
    try:
        return int(digits)
    except ValueError:  # Python refuses what has more than some thousand digits
        return None


def _scrubbed(value: Any) -> Any:
    """Half of a surrogate pair is no character, and neither SQLite nor a file can hold it."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {_scrubbed(name): _scrubbed(item) for name, item in value.items()}
    return value


def _settled(value: Any, room: int) -> Any:
    """A payload without what changes; most of its objects hold no link, and stay as they are."""
    kind = value.__class__
    if kind not in _NESTS:
        return value
    if room == 0:
        raise UnexpectedAnswer(f"The answer is nested more than {DEEPEST} deep.")
    if kind is list:
        return [_settled(item, room - 1) for item in value]
    links, beside = _telling(tuple(value))
    if links:
        links = [name for name in links if value[name] is None or isinstance(value[name], str)]
    if not links and _NESTS.isdisjoint(map(type, value.values())):
        return value
    settled = {name: _settled(item, room - 1) for name, item in value.items()}
    if links:
        settled |= {name: bool(value[name]) for name in links}
        for name in set(beside).difference(links):
            del settled[name]
    return settled


@functools.lru_cache(256)
def _telling(names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Which of an object's names are of links, and which of what stands beside them. Objects of a
    kind have the same names, so this is asked again and again."""
    links = [name for name in names if _LINK.search(name)]
    return links, [name for name in names if _BESIDE_A_LINK.search(name)]
