"""From bytes to the vCon within: it may be gzipped, and signed, and gzipped inside of that.

Which form it is shows by its keys, as the draft recommends: ``payload`` and ``signatures`` are the
signed one, ``ciphertext`` the encrypted one. Signed ones can be signed again before the certificate
expires, so there may be several layers.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from convarchive.errors import UnexpectedAnswer
from convarchive.vcon.content import decoded
from convarchive.vcon.signatures import Checked, check
from convarchive.vcon.values import objects
from convarchive.vcon.writing import CONTACT_CENTER

_GZIP: Final = b"\x1f\x8b"
_LARGEST: Final = 1 << 30
"""Bytes that a gzipped vCon may come to; more is a bomb."""

_LAYERS: Final = 12
_TELLING: Final = frozenset(
    {"vcon", "uuid", "parties", "dialog", "analysis", "attachments", "subject"}
)


class Opened(NamedTuple):
    """A vCon without its wrappings."""

    vcon: dict[str, Any]
    signed: bool | None
    """None: it is not signed. True: every signature was checked by its certificate. False: there
    was none to check a signature with."""


def opened(data: bytes) -> Opened:
    """The unsigned form.

    Raises:
        UnexpectedAnswer: It is no vCon, it is encrypted, a signature is bad, or the vCon demands
            an extension (``critical``) that this program does not know.
    """
    checks: list[Checked] = []
    for _ in range(_LAYERS):
        found = _object(data)
        if "ciphertext" in found:
            raise UnexpectedAnswer("The vCon is encrypted.", "", "Decrypt it with its key first.")
        if "payload" not in found or "signatures" not in found:
            _check_uuid(found, checks)
            _check_extensions(found)
            return Opened(found, all(one.by_certificate for one in checks) if checks else None)
        data, more = _unwrapped(found)
        checks += more
    raise unreadable("It is wrapped more often than makes sense")


def unreadable(why: str) -> UnexpectedAnswer:
    """The error for a file that is no vCon."""
    return UnexpectedAnswer("This is no vCon that can be read.", f"{why}.")


def _object(data: bytes) -> dict[str, Any]:
    import msgspec

    try:
        found = msgspec.json.decode(_unzipped(data).removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise unreadable("It is not JSON, or nested too deeply") from error
    if not isinstance(found, dict):
        raise unreadable("A vCon is a JSON object")
    if not found.keys() & {*_TELLING, "payload", "ciphertext"}:
        raise unreadable("There is nothing in it that a vCon has")
    return found


def _unzipped(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    unzip = zlib.decompressobj(wbits=31)
    try:
        whole = unzip.decompress(data, _LARGEST)
    except zlib.error as error:
        raise unreadable("The gzip around it is damaged") from error
    if not unzip.eof:
        raise unreadable("The gzip around it is cut off, or what is in it is far too large")
    return whole


def _unwrapped(envelope: Mapping[str, Any]) -> tuple[bytes, list[Checked]]:
    """The payload, and what is known of its signatures."""
    payload, signatures = envelope["payload"], objects(envelope["signatures"])
    try:
        data = decoded(payload)
    except (ValueError, AttributeError) as error:
        raise unreadable("The payload of its signature is not base64url") from error
    if not signatures:
        raise unreadable("It has the form of a signed one, and no signature")
    return data, [check(payload, signature) for signature in signatures]


def _check_uuid(vcon: Mapping[str, Any], checks: list[Checked]) -> None:
    uuid = vcon.get("uuid")
    if isinstance(uuid, str) and any(one.uuid not in (None, uuid) for one in checks):
        raise unreadable("The signature is for another vCon, by its uuid")


def _check_extensions(vcon: Mapping[str, Any]) -> None:
    """The draft: who does not know an extension that is critical must not go on."""
    needed = [vcon.get(name) for name in ("critical", "must_support")]
    names = [str(name) for some in needed if isinstance(some, list) for name in some]
    if unknown := [name for name in names if name != CONTACT_CENTER]:
        raise UnexpectedAnswer(
            f"The vCon can only be read by who knows its extension {unknown[0][:80]!r}.",
            "It names it as critical, and this program does not know it.",
        )
