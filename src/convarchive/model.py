"""What a conversation is, whichever vendor it came from.

Plain immutable tuples, no input or output. Every other room speaks in these terms: sources make
them from vendors' payloads, the store writes and reads them, transcripts and exports print them.

Times are ISO 8601 in UTC and end in ``Z``; durations and places in the call are seconds; phone
numbers are E.164 where the vendor gives that much. What the vendor left out is ``None`` or empty.
"""

from __future__ import annotations

from typing import Any, NamedTuple

STATUSES = ("in_progress", "completed", "failed", "abandoned", "unknown")
"""The life cycle of a call. ``unknown`` stands for a vendor's word that is none of the others."""

ROLES = ("agent", "customer", "other")
"""Who can speak. The vendor's own word for the speaker is kept beside the role."""


class Turn(NamedTuple):
    """What one speaker said before the other went on."""

    position: int
    """Counted from 0 in the order of the transcript."""
    speaker: str
    """The vendor's own word: ``agent``, ``assistant``, ``Caller 2`` …; may be empty."""
    role: str
    """One of `ROLES`."""
    text: str
    start: float | None = None
    """Seconds from the start of the call."""
    end: float | None = None
    """Seconds from the start of the call; not before ``start``."""
    confidence: float | None = None
    """Of the speech recognition, 0 to 1."""


class Recording(NamedTuple):
    """The sound of a call. Before it is fetched only the URL is known, afterwards the rest."""

    url: str | None = None
    sha256: str | None = None
    """Of the bytes, in lower-case hexadecimal digits."""
    bytes: int | None = None
    """How many there are."""
    media_type: str | None = None


class Conversation(NamedTuple):
    """The newest view of one call: metadata, content, analytics, outcomes, technical."""

    source: str
    """The name of the account it was mirrored from, as in ``convarchive.toml``."""
    id: str
    """The vendor's own; unique within the source."""
    status: str = "unknown"
    """One of `STATUSES`."""
    started_at: str | None = None
    ended_at: str | None = None
    duration: float | None = None
    """Seconds."""
    agent_id: str | None = None
    caller_number: str | None = None
    language: str | None = None
    """A BCP 47 tag as the vendor gives it: ``en``, ``pt-BR``."""
    summary: str | None = None
    sentiment: str | None = None
    intent: str | None = None
    outcome: str | None = None
    failure_reason: str | None = None
    abandonment_reason: str | None = None
    platform: str | None = None
    """The voice platform underneath: ``vapi``, ``retell`` …"""
    topics: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    actions: tuple[Any, ...] = ()
    """Any JSON values, as are the following six."""
    follow_up_tasks: tuple[Any, ...] = ()
    satisfaction: Any = None
    integrations: Any = None
    quality: Any = None
    network: Any = None
    errors: Any = None
    recording: Recording | None = None
    has_transcript: bool = False
    """A transcript can be there and yet have no turns."""
    turns: tuple[Turn, ...] = ()
    revision: int = 0
    """How many states of it were seen; 0 while it is not in an archive."""
    deleted_at_source: str | None = None
    """When the vendor was found to have deleted it."""


def record(conversation: Conversation) -> dict[str, Any]:
    """One conversation as the JSON object of ``export --format jsonl`` and ``show --format json``.

    The shape is a contract, ``convarchive.export/1``: keys are added, never renamed or removed.
    The recording's URL is left out: it is a link that expires, not a fact about the call.
    """
    fields = conversation._asdict()
    fields["turns"] = [turn._asdict() for turn in conversation.turns]
    recording = conversation.recording
    fields["recording"] = (
        {
            "sha256": recording.sha256,
            "bytes": recording.bytes,
            "media_type": recording.media_type,
        }
        if recording and recording.sha256
        else None
    )
    return {"record": "conversation", **fields}
