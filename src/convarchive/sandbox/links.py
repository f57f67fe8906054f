"""Recording links that are signed and expire, as a vendor's storage gives them out.

The signature is an HMAC-SHA256 over path, expiry and a number that is never used twice, under a
secret that lives as long as the process. So no two answers ever carry the same link, and a link of
another run is worth nothing.
"""

from __future__ import annotations

import hmac
import itertools
import secrets
import time
from collections.abc import Mapping
from urllib.parse import quote

from convarchive.sandbox.faults import link_refused


class Links:
    """Makes links to recordings and checks those that come back.

    Args:
        seconds: How long a link is good.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._secret = secrets.token_bytes(32)
        self._numbers = itertools.count(1)

    def sign(self, name: str) -> str:
        """The path and query under which a recording can be had for a while."""
        path = f"/recordings/{quote(name, safe='')}"
        expires = f"{time.time() + self._seconds:.3f}"
        number = str(next(self._numbers))
        signature = self._signature(name, expires, number)
        return f"{path}?expires={expires}&n={number}&signature={signature}"

    def check(self, name: str, given: Mapping[str, str]) -> None:
        """Raises `Fault` (403) unless the query is one that `sign` made and is not too old."""
        expires = given.get("expires", "")
        expected = self._signature(name, expires, given.get("n", ""))
        # As bytes: compare_digest refuses texts that are not ASCII, and anyone can send one.
        if not hmac.compare_digest(expected.encode(), given.get("signature", "").encode()):
            raise link_refused("invalid")
        if float(expires) <= time.time():
            raise link_refused("expired")

    def _signature(self, name: str, expires: str, number: str) -> str:
        signed = f"{name}\n{expires}\n{number}".encode()
        return hmac.digest(self._secret, signed, "sha256").hex()
