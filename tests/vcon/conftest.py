"""Keys with certificates, made for the run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

MAKERS: dict[str, Callable[[], Any]] = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "short": lambda: rsa.generate_private_key(65537, 1024),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "koblitz": lambda: ec.generate_private_key(ec.SECP256K1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


class Identity:
    """A key in files: ``key``, ``locked`` with a password, and ``chain``, up to an authority."""

    def __init__(self, kind: str, directory: Path) -> None:
        private, authority = MAKERS[kind](), MAKERS["p256"]()
        leaf = certificate("Calls", private, "Authority", authority)
        root = certificate("Authority", authority, "Authority", authority)
        self.leaf = leaf
        self.key, self.locked, self.chain, self.upside_down = (
            directory / f"{kind}.{name}" for name in ("key", "locked", "chain", "upside-down")
        )
        self.key.write_bytes(pem(private, NoEncryption()))
        self.locked.write_bytes(pem(private, BestAvailableEncryption(b"secret")))
        both = [one.public_bytes(Encoding.PEM) for one in (leaf, root)]
        self.chain.write_bytes(b"".join(both))
        self.upside_down.write_bytes(both[0] + both[0])


def pem(key: Any, encryption: Any) -> bytes:
    """A private key as a file has it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def certificate(subject: str, key: Any, issuer: str, by: Any) -> x509.Certificate:
    """That a key is someone's, as someone says."""
    subject_name, issuer_name = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        for name in (subject, issuer)
    )
    return (
        x509.CertificateBuilder(issuer_name, subject_name, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(by, hashes.SHA256())
    )


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Identity]:
    """``identity(kind)``, the same each time."""
    directory = tmp_path_factory.mktemp("keys")
    known: dict[str, Identity] = {}

    def made(kind: str) -> Identity:
        if kind not in known:
            known[kind] = Identity(kind, directory)
        return known[kind]

    return made
