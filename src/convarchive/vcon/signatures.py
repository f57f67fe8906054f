"""Signatures checked, by the certificate that stands beside them."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from convarchive.errors import UnexpectedAnswer
from convarchive.vcon.content import decoded, encoded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm
    from cryptography.x509 import Certificate

_RSA: Final = {"RS256": "sha256", "RS384": "sha384", "RS512": "sha512"}
_CURVES: Final = {
    "secp256r1": {"ES256": "sha256"},
    "secp384r1": {"ES384": "sha384"},
    "secp521r1": {"ES512": "sha512"},
}
_EDWARDS: Final = {"EdDSA": None, "Ed25519": None}  # RFC 8037; RFC 9864, which few know yet

THUMBPRINT: Final = "x5t#S256"
"""Names the first certificate in the header that is protected."""


class Checked(NamedTuple):
    """What is known of one signature."""

    by_certificate: bool
    """It was checked, and it is good; otherwise there is no certificate to check it with."""
    uuid: str | None
    """Of the vCon, as its header says."""


def check(payload: str, signature: Mapping[str, Any]) -> Checked:
    """Whether the signature is that of the payload, by the first certificate beside it.

    That the certificate can be trusted is for others to say: there is no list of authorities here.

    Raises:
        UnexpectedAnswer: It is not, or it is none that can be checked.
    """
    protected = signature.get("protected")
    header = _header(protected, signature.get("header"))
    uuid = header.get("uuid") if isinstance(header.get("uuid"), str) else None
    if "x5c" not in header:
        return Checked(False, uuid)
    certificate = _first(header["x5c"], header.get(THUMBPRINT))
    if "crit" in header:
        raise _refusal("The signature needs something that this program does not know (crit).")
    message = f"{protected or ''}.{payload}".encode()
    if not _is_good(
        certificate.public_key(), header.get("alg"), message, signature.get("signature")
    ):
        raise _refusal("The signature does not fit: the vCon is not as it was signed.")
    return Checked(True, uuid)


def algorithms(public: Any) -> Mapping[str, str | None]:
    """What a key like this can sign with, by the names that JOSE has for it, the usual one first.

    With each the name of the hash; None where the signature hashes by itself.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(public, rsa.RSAPublicKey):
        return _RSA
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _CURVES.get(public.curve.name, {})
    return _EDWARDS if isinstance(public, ed25519.Ed25519PublicKey) else {}


def hash_named(name: str | None) -> HashAlgorithm:
    """The hash as cryptography knows it."""
    from cryptography.hazmat.primitives import hashes

    known: dict[str | None, HashAlgorithm] = {
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    return known[name]


def _is_good(public: Any, alg: Any, message: bytes, sent: Any) -> bool:
    from cryptography.exceptions import InvalidSignature

    known = algorithms(public)
    if not isinstance(alg, str) or alg not in known:
        raise _refusal("The signature is of a kind that cannot be checked here.")
    try:
        value = decoded(sent)
        _verify(public, known[alg], value, message)
    except (InvalidSignature, ValueError, AttributeError):
        return False
    # Of the last digit some bits count for nothing; they must not be the place for a change.
    return encoded(value) == str(sent).rstrip("=")


def _verify(public: Any, hash_name: str | None, value: bytes, message: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    if isinstance(public, rsa.RSAPublicKey):
        public.verify(value, message, padding.PKCS1v15(), hash_named(hash_name))
    elif isinstance(public, ec.EllipticCurvePublicKey):
        width = (public.curve.key_size + 7) // 8
        if len(value) != 2 * width:
            raise ValueError("no two numbers of this width")
        numbers = (int.from_bytes(half) for half in (value[:width], value[width:]))
        der = utils.encode_dss_signature(*numbers)
        public.verify(der, message, ec.ECDSA(hash_named(hash_name)))
    else:
        public.verify(value, message)


def _header(protected: Any, unprotected: Any) -> dict[str, Any]:
    """Both headers; where they differ, the protected one counts."""
    import msgspec

    try:
        inner = msgspec.json.decode(decoded(protected)) if protected else {}
    except (msgspec.DecodeError, UnicodeError, ValueError, AttributeError, RecursionError) as error:
        raise _refusal("The protected header of the signature cannot be read.") from error
    outer = unprotected if isinstance(unprotected, dict) else {}
    return outer | (inner if isinstance(inner, dict) else {})


def _first(x5c: Any, thumbprint: Any) -> Certificate:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import InvalidVersion, load_der_x509_certificate

    try:
        der = b64decode(x5c[0], validate=True)
        certificate = load_der_x509_certificate(der)
        certificate.public_key()
    except (ValueError, TypeError, LookupError, InvalidVersion, UnsupportedAlgorithm) as error:
        raise _refusal("The certificate beside the signature cannot be read.") from error
    if thumbprint not in (None, encoded(hashlib.sha256(der).digest())):
        raise _refusal("The certificate beside the signature is not the one that signed.")
    return certificate


def _refusal(what: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(what, "", "Ask for it once more from where it came.")
