"""The answers that say no, in Ayra's two documented shapes.

``{"error": {"type", "message", "code"}}`` is what most of them look like; the key's own errors and
those about parameters come as ``{"error": {"code", "message", "details"}}``. A client has to
understand both, so both are served.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Fault(Exception):
    """An answer other than 2xx; raised anywhere below the endpoints, sent by them.

    Args:
        status: The HTTP status.
        error: What stands under ``"error"`` in the body.
        headers: More headers than usual.
    """

    def __init__(
        self, status: int, error: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, error)
        self.status = status
        self.body = {"error": error}
        self.headers = dict(headers or {})


def missing_key() -> Fault:
    """No ``Authorization: Bearer``."""
    return _typed(401, "authentication_error", "missing_api_key", "No API key provided")


def refused_key() -> Fault:
    """A key, but not one of ours."""
    return _detailed(401, "AUTH_005", "API key invalid or revoked", {})


def missing_scope(scope: str) -> Fault:
    """A key of ours that may not read conversations."""
    message = f"The API key lacks the scope {scope}"
    return _typed(403, "permission_error", "insufficient_scope", message)


def too_many_requests(limit: int, retry_after: int) -> Fault:
    """The key's budget for this minute is spent; it opens again in ``retry_after`` seconds."""
    message = f"Rate limit of {limit} requests a minute exceeded"
    fault = _typed(429, "rate_limit_error", "rate_limit_exceeded", message)
    fault.headers["Retry-After"] = str(retry_after)
    return fault


def no_conversation(conversation_id: str) -> Fault:
    """The id was never given out, or the conversation was deleted."""
    message = f"No conversation {conversation_id}"
    return _typed(404, "not_found_error", "conversation_not_found", message)


def no_transcript() -> Fault:
    """Nobody spoke, and nothing will come."""
    message = "This conversation has no transcript"
    return _typed(404, "not_found_error", "transcript_not_found", message)


def transcript_not_ready() -> Fault:
    """The call is over, the transcript is still being made."""
    message = "The transcript is being processed, typically within 30 seconds"
    return _typed(409, "conflict_error", "transcript_not_ready", message)


def no_recording() -> Fault:
    """The link is good, the sound is gone."""
    return _typed(404, "not_found_error", "recording_not_found", "No such recording")


def link_refused(reason: str) -> Fault:
    """A recording link that has expired or was tampered with."""
    return _typed(403, "permission_error", f"link_{reason}", f"The recording link is {reason}")


def no_route(status: int) -> Fault:
    """A path or a method that the API does not have."""
    message = "No such endpoint" if status == 404 else "Method not allowed"
    return _typed(status, "invalid_request_error", message.lower().replace(" ", "_"), message)


def unreadable(parameter: str, value: str, expected: str) -> Fault:
    """A value that is not of the parameter's type."""
    return _parameter(400, "invalid_parameter", parameter, value, expected)


def not_allowed(parameter: str, value: str, expected: str) -> Fault:
    """A value of the right type, outside of what is allowed."""
    return _parameter(422, "validation_error", parameter, value, expected)


def _parameter(status: int, code: str, parameter: str, value: str, expected: str) -> Fault:
    details = {"parameter": parameter, "value": value, "expected": expected}
    return _detailed(status, code, f"{parameter} must be {expected}", details)


def _typed(status: int, kind: str, code: str, message: str) -> Fault:
    return Fault(status, {"type": kind, "message": message, "code": code})


def _detailed(status: int, code: str, message: str, details: dict[str, Any]) -> Fault:
    return Fault(status, {"code": code, "message": message, "details": details})
