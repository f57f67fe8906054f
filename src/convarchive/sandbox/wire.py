"""From Python to bytes on the wire: the one place that writes JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from convarchive.sandbox.faults import Fault

_encode = msgspec.json.Encoder().encode


def answer(body: dict[str, Any]) -> Response:
    """200 and this body."""
    return Response(_encode(body), media_type="application/json")


def refusal(fault: Fault) -> Response:
    """The answer that a fault stands for."""
    return Response(
        _encode(fault.body), fault.status, headers=fault.headers, media_type="application/json"
    )
