"""Signatures made: a vCon in its signed form, from a private key and its certificate.

The signed form is a JSON Web Signature in the general JSON serialization (RFC 7515, 7.2.1)::

    {"payload": "…", "signatures": [{"header": {"x5c": ["…"], "uuid": "…"},
                                     "protected": "…", "signature": "…"}]}

The draft wants the certificates (``x5c``) and the ``uuid`` in the unprotected header, and RFC 7515
forbids to repeat them in the protected one. So the protected one has ``alg`` and the SHA-256 of the
first certificate (``x5t#S256``), by which that cannot be exchanged for another.

RSA keys sign with RS256, which the draft recommends, elliptic curves with ES256, ES384 or ES512, by
their curve, Ed25519 with EdDSA; all of them so that the same vCon gets the same signature again.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from convarchive.errors import UsageError
from convarchive.vcon.content import encoded
from convarchive.vcon.signatures import THUMBPRINT, algorithms, hash_named

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_SHORTEST_RSA: Final = 2048  # bits; RFC 7518, 3.3


class Signer:
    """A private key with its certificate, ready to sign any number of vCons.

    Args:
        key: A file with the private key in PEM, without a password.
        certificates: A file with its certificate in PEM, then the one that issued this, and so on.

    Raises:
        UsageError: A file cannot be read, or the two do not fit together.
    """

    def __init__(self, key: Path, certificates: Path) -> None:
        self._key = _private_key(key)
        chain = _chain(certificates)
        if _bare(chain[0].public_key()) != _bare(self._key.public_key()):
            raise UsageError(
                f"The first certificate in {certificates} is not that of the key in {key}.",
                "A signature by this key could not be checked with it.",
            )
        self._alg, self._hash = _algorithm(self._key.public_key(), str(key))
        ders = [_der(certificate) for certificate in chain]
        self._x5c = [b64encode(der).decode("ascii") for der in ders]
        self._thumbprint = encoded(hashlib.sha256(ders[0]).digest())

    def signed(self, vcon: Iterable[bytes], uuid: str) -> Iterator[bytes]:
        """The signed form, a piece at a time.

        Args:
            vcon: The unsigned one, in pieces; with Ed25519 they are held until the end.
            uuid: That of the vCon.
        """
        import msgspec.json

        protected = encoded(msgspec.json.encode({"alg": self._alg, THUMBPRINT: self._thumbprint}))
        message = _Message(self._hash)
        message.add(f"{protected}.".encode())
        yield b'{"payload":"'
        for piece in _in_base64url(vcon):
            message.add(piece)
            yield piece
        signature = {
            "header": {"x5c": self._x5c, "uuid": uuid},
            "protected": protected,
            "signature": encoded(_sign(self._key, message)),
        }
        yield b'","signatures":[' + msgspec.json.encode(signature) + b"]}"


class _Message:
    """What is signed: only its digest is kept, unless the key wants all of it."""

    def __init__(self, algorithm: str | None) -> None:
        self.algorithm = algorithm
        self._digest = hashlib.new(algorithm) if algorithm else None
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        if self._digest:
            self._digest.update(piece)
        else:
            self._pieces.append(piece)

    def whole(self) -> bytes:
        """The digest, or all of it."""
        return self._digest.digest() if self._digest else b"".join(self._pieces)


def _sign(key: Any, message: _Message) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    if message.algorithm is None:
        made: bytes = key.sign(message.whole())
        return made
    prehashed = utils.Prehashed(hash_named(message.algorithm))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message.whole(), padding.PKCS1v15(), prehashed)
    der = key.sign(message.whole(), ec.ECDSA(prehashed, deterministic_signing=True))
    width = (key.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(width) for number in utils.decode_dss_signature(der))


def _algorithm(public: Any, key: str) -> tuple[str, str | None]:
    """What to sign with, and the name of its hash, if it has one apart."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    if isinstance(public, rsa.RSAPublicKey) and public.key_size < _SHORTEST_RSA:
        raise UsageError(f"The key in {key} is too short.", "RS256 takes 2,048 bits or more.")
    for usual in algorithms(public).items():
        return usual
    raise UsageError(
        f"The key in {key} is of a kind that vCons are not signed with.",
        "", "Use RSA, Ed25519 or a NIST curve.",
    )  # fmt: skip


def _private_key(path: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(_bytes(path), password=None)
    except TypeError as error:
        raise UsageError(
            f"The key in {path} is locked with a password.",
            "", f"Unlock it into a file that only you can read: openssl pkey -in {path} -out FILE",
        ) from error  # fmt: skip
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"There is no private key in PEM in {path}.") from error


def _chain(path: Path) -> list[Certificate]:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.x509 import load_pem_x509_certificates

    try:
        chain = load_pem_x509_certificates(_bytes(path))
    except ValueError as error:
        raise UsageError(f"There is no certificate in PEM in {path}.") from error
    try:
        for certificate, issuer in pairwise(chain):
            certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"The certificates in {path} are no chain.",
            "Each must have been issued by the one after it; the key's own comes first.",
        ) from error
    return chain


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", f"{error.strerror or error}.") from error


def _in_base64url(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in base64url, however they are cut."""
    rest = b""
    for piece in pieces:
        rest += piece
        whole = len(rest) - len(rest) % 3
        yield urlsafe_b64encode(rest[:whole])
        rest = rest[whole:]
    yield urlsafe_b64encode(rest).rstrip(b"=")


def _bare(public: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    bare: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return bare


def _der(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)
