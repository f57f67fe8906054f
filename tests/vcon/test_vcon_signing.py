"""Signatures: made with any key, checked by others, and broken by any change."""

from __future__ import annotations

import base64
import gzip
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from tests.store.conversations import call
from tests.vcon.conftest import Identity
from tests.vcon.standard import example

from convarchive.errors import UnexpectedAnswer, UsageError
from convarchive.vcon import pieces, read, write
from convarchive.vcon.signing import Signer
from convarchive.vcon.writing import uuid_of

Identities = Callable[[str], Identity]
KINDS = {
    "rsa": ("RS256", RSAKey),
    "p256": ("ES256", ECKey),
    "p384": ("ES384", ECKey),
    "p521": ("ES512", ECKey),
    "ed25519": ("EdDSA", OKPKey),
}


def signed(one: Identity, **fields: Any) -> bytes:
    """A signed vCon as a file."""
    vcon = write(call(**fields))
    return b"".join(Signer(one.key, one.chain).signed(pieces(vcon), vcon["uuid"]))


def by_others(data: bytes, kind: Any, alg: str) -> bytes:
    """The payload, after joserfc has checked it with the key of the first certificate."""
    envelope = json.loads(data)
    der = base64.b64decode(envelope["signatures"][0]["header"]["x5c"][0])
    body = base64.encodebytes(der).decode()
    key = kind.import_key(f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    with warnings.catch_warnings():  # that RFC 9864 has a newer name for EdDSA
        warnings.simplefilter("ignore", SecurityWarning)
        return jws.deserialize_json(envelope, key, registry=registry).payload


def with_header(data: bytes, **header: Any) -> bytes:
    """The vCon with something else in the header that is not protected."""
    envelope = json.loads(data)
    envelope["signatures"][0]["header"] |= header
    return json.dumps(envelope).encode()


@pytest.mark.parametrize("kind", KINDS)
def test_others_find_it_good(kind: str, identity: Identities) -> None:
    """A JOSE library that is not ours checks it, and finds the vCon in it."""
    alg, key = KINDS[kind]
    data = signed(identity(kind))
    assert by_others(data, key, alg) == b"".join(pieces(write(call())))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_read_again(kind: str, identity: Identities) -> None:
    """And is known to be signed."""
    came = read("x", signed(identity(kind)))
    assert (came.conversation, came.signed) == (call(), True)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_signed_the_same_again(kind: str, identity: Identities) -> None:
    """There is no chance in a signature."""
    assert signed(identity(kind)) == signed(identity(kind))


def test_what_the_draft_wants(identity: Identities) -> None:
    """General serialization; certificates and uuid in the header, the algorithm protected."""
    envelope = json.loads(signed(identity("rsa")))
    assert list(envelope) == ["payload", "signatures"]
    (signature,) = envelope["signatures"]
    assert set(signature) == {"header", "protected", "signature"}
    assert signature["header"]["uuid"] == uuid_of(call())
    assert len(signature["header"]["x5c"]) == 2
    protected = json.loads(base64.urlsafe_b64decode(signature["protected"] + "=="))
    assert protected["alg"] == "RS256"
    assert not protected.keys() & signature["header"].keys()


@settings(max_examples=60)
@given(st.data())
def test_any_change_is_seen(identity: Identities, data: st.DataObject) -> None:
    """One byte of payload, protected header or signature changed: others and we refuse it."""
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    alg, key = KINDS[kind]
    envelope = json.loads(signed(identity(kind)))
    signature = envelope["signatures"][0]
    place = data.draw(st.sampled_from([envelope, signature, signature]))
    name = (
        "payload" if place is envelope else data.draw(st.sampled_from(["protected", "signature"]))
    )
    at = data.draw(st.integers(0, len(place[name]) - 1))
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = data.draw(st.sampled_from([digit for digit in digits if digit != place[name][at]]))
    last = name == "signature" and at == len(place[name]) - 1
    place[name] = place[name][:at] + other + place[name][at + 1 :]
    changed = json.dumps(envelope).encode()
    with pytest.raises(UnexpectedAnswer):
        read("x", changed)
    if not last:  # of the last digit others drop the bits that count for nothing
        with pytest.raises((JoseError, ValueError)):
            by_others(changed, key, alg)


def test_the_example_changed() -> None:
    """Of the IETF's own signed vCon, too."""
    data = example("ab_call_ext_rec_signed")
    at = data.index(b'"payload"') + 60
    with pytest.raises(UnexpectedAnswer, match="not as it was signed"):
        read("x", data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :])


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({"x5c": []}, "cannot be read"),
        ({"x5c": ["AAAA"]}, "cannot be read"),
        ({"x5c": 7}, "cannot be read"),
        ({"uuid": "01928e10-193e-8231-b9a2-279e0d16bc46"}, "for another vCon"),
        ({"crit": ["b64"], "b64": False}, "does not know"),
    ],
)
def test_a_header_that_cannot_be(header: dict[str, Any], told: str, identity: Identities) -> None:
    """One clear error."""
    with pytest.raises(UnexpectedAnswer, match=told):
        read("x", with_header(signed(identity("p256")), **header))


def test_another_certificate(identity: Identities) -> None:
    """The protected header names the one that signed."""
    other = json.loads(signed(identity("p384")))["signatures"][0]["header"]["x5c"]
    with pytest.raises(UnexpectedAnswer, match="not the one that signed"):
        read("x", with_header(signed(identity("p256")), x5c=other))


@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", None, 7])
def test_another_algorithm(alg: Any, identity: Identities) -> None:
    """What a key does not sign with cannot be claimed."""
    envelope = json.loads(signed(identity("p256")))
    protected = json.dumps({"alg": alg}).encode()
    envelope["signatures"][0]["protected"] = base64.urlsafe_b64encode(protected).decode()
    with pytest.raises(UnexpectedAnswer, match="of a kind that cannot be checked"):
        read("x", json.dumps(envelope).encode())


def test_no_certificate(identity: Identities) -> None:
    """It is read, and known not to have been checked."""
    envelope = json.loads(signed(identity("p256")))
    del envelope["signatures"][0]["header"]["x5c"]
    came = read("x", json.dumps(envelope).encode())
    assert (came.conversation, came.signed) == (call(), False)


def test_signed_twice(identity: Identities) -> None:
    """As archives do before a certificate expires, gzipped in between."""
    inner = gzip.compress(signed(identity("rsa")))
    one = identity("ed25519")
    outer = b"".join(Signer(one.key, one.chain).signed([inner], uuid_of(call())))
    assert read("x", outer).signed
    assert read("x", outer).conversation == call()


def test_wrapped_without_end() -> None:
    """It is given up."""
    data = b'{"vcon": "0.4.0"}'
    for _ in range(20):
        envelope = {"payload": base64.urlsafe_b64encode(data).decode(), "signatures": [{"a": 1}]}
        data = json.dumps(envelope).encode()
    with pytest.raises(UnexpectedAnswer, match="wrapped more often"):
        read("x", data)


def test_an_encrypted_one() -> None:
    """It is told that it is."""
    with pytest.raises(UnexpectedAnswer, match="is encrypted"):
        read("x", b'{"ciphertext": "AA", "recipients": [{}], "iv": "", "tag": ""}')


def refused(key: Path, certificates: Path, told: str) -> None:
    """These two cannot sign, and why is told without a word of the key."""
    with pytest.raises(UsageError, match=told) as refusal:
        Signer(key, certificates)
    secret = "".join(key.read_text("utf-8", "replace").splitlines()[1:3]) if key.is_file() else "-"
    assert len(secret) < 20 or secret[:20] not in str(refusal.value)


def test_keys_that_do_not_fit(identity: Identities, tmp_path: Path) -> None:
    """A locked key, another's certificate, no chain, a weak key, a curve that JOSE has not."""
    rsa, p256 = identity("rsa"), identity("p256")
    refused(rsa.locked, rsa.chain, "locked with a password")
    refused(rsa.key, p256.chain, "is not that of the key")
    refused(rsa.key, rsa.upside_down, "are no chain")
    refused(rsa.chain, rsa.chain, "no private key in PEM")
    refused(rsa.key, rsa.key, "no certificate in PEM")
    refused(tmp_path / "nowhere", rsa.chain, "cannot be read")
    refused(rsa.key, tmp_path, "cannot be read")
    refused(identity("short").key, identity("short").chain, "too short")
    refused(identity("koblitz").key, identity("koblitz").chain, "not signed with")


def test_a_large_one_is_signed_in_pieces(identity: Identities) -> None:
    """Whatever the pieces, the signature is that of the whole."""
    one = identity("rsa")
    signer, data = Signer(one.key, one.chain), os.urandom(1000)
    whole = b"".join(signer.signed([data], "u"))
    cut = [data[at : at + 7] for at in range(0, 1000, 7)]
    assert b"".join(signer.signed(cut, "u")) == whole
    envelope = json.loads(whole)
    assert base64.urlsafe_b64decode(envelope["payload"] + "==") == data
