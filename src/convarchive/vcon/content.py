"""Files within a vCon, and the hashes of those without.

A dialog, analysis or attachment holds a file as ``body`` with its ``encoding`` (``none``: a text,
``json``: any JSON value, ``base64url``: bytes), or it names one by ``url`` and ``content_hash``:
``sha512-…``, the digest in base64url. Up to syntax 0.3 a JSON body was a text with JSON in it; up
to 0.0.1 the hash was in two fields, ``alg`` and ``signature``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

_STANDARD_ALPHABET: Final = str.maketrans("+/", "-_", "= \t\r\n")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")
_ALGORITHMS: Final = frozenset({"sha256", "sha384", "sha512"})


def encoded(data: bytes) -> str:
    """Base64url without padding, as RFC 7515 has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decoded(digits: str) -> bytes:
    """The bytes; padding, line breaks and the standard alphabet are taken, too.

    Raises:
        ValueError: It is no base64.
    """
    bare = digits.translate(_STANDARD_ALPHABET)
    if not _BASE64URL.fullmatch(bare):
        raise ValueError("no base64url")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error as error:
        raise ValueError("no base64url") from error


def content_hash(data: bytes) -> str:
    """The hash that every reader of vCons must know."""
    return f"sha512-{encoded(hashlib.sha512(data).digest())}"


def body(part: Mapping[str, Any]) -> Any:
    """What a body says: a text, or a JSON value; None where there is none, or it is unreadable."""
    found = part.get("body")
    if not isinstance(found, str):
        return found
    if part.get("encoding") == "base64url":
        data = body_bytes(part)
        return None if data is None else data.decode("utf-8", "replace")
    return _parsed(found) if part.get("encoding") == "json" else found


def body_bytes(part: Mapping[str, Any]) -> bytes | None:
    """The file that a body is; None where there is none, or it is unreadable."""
    found = part.get("body")
    if not isinstance(found, str) or not found or part.get("encoding") == "json":
        return None
    if part.get("encoding") == "none":
        return found.encode()
    try:
        return decoded(found)
    except ValueError:
        return None


def hashes(part: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """The digests by which a file is named, each with the name of its algorithm for hashlib."""
    named = part.get("content_hash")
    tokens = named if isinstance(named, list) else [named]
    if isinstance(part.get("signature"), str) and isinstance(part.get("alg"), str):
        tokens = [*tokens, f"{part['alg'].lower().replace('-', '')}-{part['signature']}"]
    return [known for token in tokens if (known := _hash(token))]


def _hash(token: Any) -> tuple[str, bytes] | None:
    algorithm, _, digest = token.partition("-") if isinstance(token, str) else ("", "", "")
    if algorithm not in _ALGORITHMS:
        return None
    try:
        return algorithm, decoded(digest)
    except ValueError:
        return None


def _parsed(written: str) -> Any:
    """Objects and arrays that an older syntax has as text; any other text is itself."""
    import msgspec

    try:
        found = msgspec.json.decode(written)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return written
    return found if isinstance(found, dict | list) else written
