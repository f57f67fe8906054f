"""Time stamps by RFC 3161: an authority elsewhere says when a checkpoint was there already.

Against a checkpoint alone it can be said that it was signed yesterday and dated back, with the key
that the archive's owner has. The time stamp is signed by someone else. It is over the bytes of the
checkpoint's file, by SHA-256, and is kept beside it as ``….tsr``: the authority's whole answer,
which ``openssl ts -verify -data CHECKPOINT -in STAMP -CAfile CA`` checks as well.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from convarchive import disk
from convarchive.errors import ConvarchiveError, DamageFound, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

SUFFIX = ".tsr"

_SECONDS = 30
_LONGEST = 1_000_000  # bytes; answers have some 6,000
_SHA256 = "2.16.840.1.101.3.4.2.1"


class Stamp(NamedTuple):
    """What a time stamp says."""

    at: datetime
    """When the authority has seen it, in UTC."""
    checked: bool
    """Whether its signature was followed to a certificate that the user trusts. If not, anyone may
    have made it."""


def place_of(checkpoint: Path) -> Path:
    """Where the time stamp of a checkpoint's file is, if it has one."""
    return checkpoint.with_suffix(SUFFIX)


def stamp(url: str, checkpoint: Path) -> Path:
    """Have a checkpoint's file stamped, if it is not yet; where the stamp is.

    Raises:
        ConvarchiveError: The authority does not answer, or not with a stamp of this.
        UsageError: This is no URL.
        OSError: The stamp can't be written.
    """
    place = place_of(checkpoint)
    if not place.exists():
        disk.write(place, ask(url, checkpoint.read_bytes()))
    return place


def ask(url: str, data: bytes) -> bytes:
    """Have bytes stamped.

    Args:
        url: Of the authority; HTTP will do, since its answer is signed.
        data: What to stamp; only its SHA-256 is sent.

    Returns:
        The authority's answer (``TimeStampResp`` in DER), with its certificate in it.

    Raises:
        ConvarchiveError: It does not answer, or not with a stamp of this.
        UsageError: This is no URL.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.build()  # with a nonce, so that no old answer will do
    answer = _post(url, request.as_bytes())
    try:
        response = _decoded(answer)
        _refuse_other(response, data, request.nonce)
    except ValueError as error:
        raise ConvarchiveError(
            f"The time stamping authority {url} gave no time stamp of the checkpoint.",
            f"What came will not do: {error}.",
        ) from None
    return answer


def check(answer: bytes, data: bytes, roots: bytes | None = None) -> Stamp:
    """See whether a time stamp is one of these bytes.

    Args:
        answer: The authority's answer, as in a ``.tsr`` file.
        data: What was stamped.
        roots: The certificates in PEM by which the authority's is trusted; without any, its
            signature is not checked.

    Raises:
        DamageFound: It is none of this, or its signature does not hold.
        UsageError: There is no certificate in ``roots``.
    """
    from rfc3161_client import VerificationError, VerifierBuilder

    trusted = None if roots is None else _certificates(roots)
    try:
        response = _decoded(answer)
        _refuse_other(response, data)
        if trusted is not None:
            VerifierBuilder(roots=trusted).build().verify_message(response, data)
    except (ValueError, VerificationError) as error:
        raise DamageFound(
            "The time stamp is not one of this checkpoint.", f"It will not do: {error}."
        ) from None
    return Stamp(response.tst_info.gen_time, trusted is not None)


def _post(url: str, body: bytes) -> bytes:
    import httpx

    headers = {"Content-Type": "application/timestamp-query", "User-Agent": "convarchive"}
    came = bytearray()
    try:
        with httpx.stream("POST", url, content=body, headers=headers, timeout=_SECONDS) as answer:
            for piece in answer.iter_bytes():
                came += piece
                if len(came) > _LONGEST:
                    break
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise UsageError(f"{url} is no URL of a time stamping authority.", f"{error}.") from error
    except httpx.HTTPError as error:
        raise ConvarchiveError(
            f"The time stamping authority {url} cannot be reached.", f"{error}."
        ) from error
    if answer.status_code != httpx.codes.OK:
        raise ConvarchiveError(
            f"The time stamping authority {url} answered with {answer.status_code}."
        )
    return bytes(came)


def _decoded(answer: bytes) -> TimeStampResponse:
    """The answer taken apart.

    Raises:
        ValueError: It is none, or refuses.
    """
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(answer)
    except ValueError:
        raise ValueError("it is no answer by RFC 3161") from None
    if response.status != 0:
        said = ", ".join(response.status_string) or f"status {response.status}"
        raise ValueError(f"the authority refuses: {said}")
    return response


def _refuse_other(response: TimeStampResponse, data: bytes, nonce: int | None = None) -> None:
    imprint: Any = response.tst_info.message_imprint
    algorithm = imprint.hash_algorithm.dotted_string
    if algorithm != _SHA256 or imprint.message != hashlib.sha256(data).digest():
        raise ValueError("it is a time stamp of something else")
    if nonce is not None and response.tst_info.nonce != nonce:
        raise ValueError("it answers another request")


def _certificates(pem: bytes) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem)
    except ValueError as error:
        raise UsageError("There is no certificate in PEM to trust the time stamp by.") from error
