"""Signed notes: a text, and under it who signed it (https://c2sp.org/signed-note).

::

    convarchive/5a0c…
    1234
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — convarchive/5a0c… Az3grlgtzPICa5OS8npVmf1Myq/5IZni…

The signature is Ed25519 over the text with its last line feed. Who checks it needs the *verifier
key*: name, key id and public key in one line, `verifier_key`. Any number of others may sign as
well; whoever does not know them passes over their lines.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LONGEST = 1_000_000
"""Bytes of a note that is looked at; ours have 300."""

_ED25519 = b"\x01"
_KEY_ID = 4  # bytes
_PUBLIC = 32  # bytes
_MOST_SIGNATURES = 100
_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(ValueError):
    """It is no signed note, or none of a key that is known; the message is a sentence."""


class Unsigned(NoteError):
    """None of the keys that are known has signed it."""


class BadSignature(NoteError):
    """It says that a known key has signed it, and that is not so."""


class Signature(NamedTuple):
    """A line under the text, which nobody has checked yet."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A note taken apart, which nobody has checked yet."""

    body: bytes
    """The text with its last line feed: what is signed."""
    signatures: tuple[Signature, ...]


class Verified(NamedTuple):
    """A note that a known key has signed."""

    body: bytes
    signed_by: tuple[str, ...]
    """The verifier keys of those that have."""


class _Key(NamedTuple):
    name: str
    key_id: bytes
    public: bytes


def verifier_key(name: str, public: bytes) -> str:
    """The line by which signatures of an Ed25519 key are checked: ``NAME+ID+KEY``.

    Args:
        name: Of the key, without white space and ``+``.
        public: The public key, 32 bytes.
    """
    typed = _ED25519 + public
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(typed).decode()}"


def check_verifier_key(text: str) -> str:
    """A verifier key that someone has given, without white space around it.

    Raises:
        NoteError: It is none, or none of Ed25519.
    """
    text = text.strip()
    _parsed(text)
    return text


def sign(body: bytes, name: str, key: Ed25519PrivateKey) -> bytes:
    """A note with one signature.

    Args:
        body: The text; ends in a line feed.
        name: Of the key.
        key: The private key.
    """
    public = key.public_key().public_bytes_raw()
    line = base64.b64encode(_key_id(name, public) + key.sign(body)).decode()
    return body + f"\n{_DASH}{name} {line}\n".encode()


def parse(data: bytes) -> Note:
    """Take a note apart.

    Raises:
        NoteError: It is none.
    """
    if len(data) > LONGEST:
        raise NoteError("It is too long for a signed note.")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NoteError("It is no text in UTF-8.") from None
    if _CONTROL.search(text):
        raise NoteError("It has control characters, which no signed note has.")
    body, blank, below = text.rpartition("\n\n")
    if not blank or not body or not below.endswith("\n"):
        raise NoteError("It is no signed note: a text, an empty line, and signatures.")
    lines = below.removesuffix("\n").split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise NoteError(f"It has more than {_MOST_SIGNATURES} signatures.")
    return Note(f"{body}\n".encode(), tuple(map(_signature, lines)))


def verify(text: bytes, vkeys: Iterable[str]) -> Verified:
    """Check a note's signatures.

    Args:
        text: The note.
        vkeys: The verifier keys that are known.

    Raises:
        BadSignature: A line names a known key, and does not hold.
        Unsigned: No line names a known key.
        NoteError: It is no signed note, or a verifier key is none.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    note = parse(text)
    known = _known(vkeys)
    signed_by: dict[str, None] = {}
    for line in note.signatures:
        if (line.name, line.key_id) not in known:
            continue
        vkey, public = known[line.name, line.key_id]
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(line.signature, note.body)
        except (InvalidSignature, ValueError):
            raise BadSignature(
                f"The signature of {line.name}+{line.key_id.hex()} does not fit what it says."
            ) from None
        signed_by[vkey] = None
    if not signed_by:
        names = ", ".join(f"{line.name}+{line.key_id.hex()}" for line in note.signatures)
        raise Unsigned(f"It is signed by {names}, which is not known here.")
    return Verified(note.body, tuple(signed_by))


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID]


def _known(vkeys: Iterable[str]) -> dict[tuple[str, bytes], tuple[str, bytes]]:
    """Verifier key and public key by name and key id."""
    known: dict[tuple[str, bytes], tuple[str, bytes]] = {}
    for vkey in vkeys:
        key = _parsed(vkey)
        # A key id has 32 bits, so that another key can be made to have the same.
        if known.setdefault((key.name, key.key_id), (vkey, key.public))[1] != key.public:
            raise NoteError(f"Two verifier keys are named {key.name}+{key.key_id.hex()}.")
    return known


def _parsed(vkey: str) -> _Key:
    name, _, rest = vkey.partition("+")
    key_id, _, key = rest.partition("+")
    typed = _decoded(key)
    if not _is_name(name) or typed[:1] != _ED25519 or len(typed) != 1 + _PUBLIC:
        raise NoteError("It is no verifier key of an Ed25519 key: NAME+ID+KEY.")
    public = typed[1:]
    if key_id != _key_id(name, public).hex():
        raise NoteError("The verifier key is not whole: its id does not fit its name and key.")
    return _Key(name, bytes.fromhex(key_id), public)


def _signature(line: str) -> Signature:
    name, _, coded = line.removeprefix(_DASH).partition(" ")
    decoded = _decoded(coded)
    if not line.startswith(_DASH) or not _is_name(name) or len(decoded) <= _KEY_ID:
        raise NoteError("It has a line below its text that is no signature.")
    return Signature(name, decoded[:_KEY_ID], decoded[_KEY_ID:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def _decoded(text: str) -> bytes:
    """From base64 as RFC 4648 writes it and in no other way; empty where it is none."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return decoded if base64.b64encode(decoded).decode() == text else b""
