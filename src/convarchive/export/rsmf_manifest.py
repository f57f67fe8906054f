"""What an RSMF file says of a call: who took part, and what was said when.

::

    {"version": "2.0.0",
     "participants": [{"id": "P1", "display": "Agent", "account_id": "agent_billing", …}, …],
     "conversations": [{"id": "ayra/conv_8f2kq1", "platform": "vapi", "type": "direct", …}],
     "events": [{"id": "T0", "type": "message", "participant": "P1", "body": "How can I help?",
                 "timestamp": "2026-01-15T10:42:00.000Z", …}, …],
     "eventcollectionid": "ayra/conv_8f2kq1"}

Participants are whoever speaks, by the vendor's own word, and the agent and the caller where these
are known and silent. Events are the turns; to a call without any there is one of the type
``unknown``, which says so and carries the attachments. Texts are whole here: JSON can carry them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from convarchive.export.instants import instant, later
from convarchive.model import Conversation, Turn
from convarchive.transcripts.roles import label
from convarchive.transcripts.timing import sane, spans

_FACTS: Final = (
    "source", "id", "status", "started_at", "ended_at", "duration", "language", "summary",
    "sentiment", "intent", "outcome", "failure_reason", "abandonment_reason", "revision",
    "deleted_at_source",
)  # fmt: skip
"""Fields of a conversation that become custom properties, under their own names."""

_CUSTODIANS: Final = ("agent", "customer")
"""Whose data it is: the agent's, else the caller's."""

_DIRECTIONS: Final = {"agent": "outgoing", "customer": "incoming"}
"""As the agent sees it."""


class Person(NamedTuple):
    """Somebody who took part."""

    id: str
    """``P1``, ``P2`` … in the order in which they first speak."""
    display: str
    role: str
    account: str | None = None
    """The agent's id, or the caller's number."""


class Event(NamedTuple):
    """A turn with its time; or that there is none."""

    offset: float
    """Seconds from the start of the call."""
    timestamp: str | None
    """ISO 8601 in UTC, to the millisecond; None where the call's start is not known."""
    turn: Turn | None


def people(conversation: Conversation) -> list[Person]:
    """Who took part. A number or an id goes to a role that only one speaker has."""
    speakers = list(dict.fromkeys(_speaker(turn) for turn in conversation.turns))
    accounts = {"agent": conversation.agent_id, "customer": conversation.caller_number}
    roles = [role for _, role in speakers]
    speakers += [
        (label("", role), role) for role in accounts if accounts[role] and role not in roles
    ]
    return [
        Person(f"P{nth}", name, role, accounts.get(role) if roles.count(role) < 2 else None)
        for nth, (name, role) in enumerate(speakers, start=1)
    ]


def events(conversation: Conversation) -> list[Event]:
    """What happened, in the order of time."""
    started = instant(conversation.started_at)
    turns = conversation.turns
    timed = zip(turns, spans(turns, conversation.duration), strict=True)
    spoken = sorted(((start, turn) for turn, (start, _) in timed), key=lambda pair: pair[0])
    return [Event(at, _text(later(started, at)), turn) for at, turn in spoken] or [
        Event(0.0, _text(started), None)
    ]


def manifest(
    conversation: Conversation,
    who: Sequence[Person],
    what: Sequence[Event],
    attached: Sequence[tuple[str, int]],
    lacks: Sequence[str] = (),
) -> dict[str, Any]:
    """``rsmf_manifest.json``.

    Args:
        conversation: The call.
        who: As of `people`.
        what: Those of `events` that go into this file.
        attached: Name and size of each file beside the manifest; they hang on the first event.
        lacks: What is missing of the call, in sentences.
    """
    name = f"{conversation.source}/{conversation.id}"
    ids = {(person.display, person.role): person.id for person in who}
    listed = [_event(event, ids, name) for event in what]
    if attached:
        files = [{"id": file, "display": file, "size": size} for file, size in attached]
        listed[0]["attachments"] = files
    return {
        "version": "2.0.0",
        "participants": [_participant(person) for person in who],
        "conversations": [_conversation(conversation, who, name, lacks)],
        "events": listed,
        "eventcollectionid": name,
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _speaker(turn: Turn) -> tuple[str, str]:
    return label(turn.speaker, turn.role), turn.role


def _participant(person: Person) -> dict[str, Any]:
    account = {"account_id": person.account} if person.account else {}
    custom = [{"name": "role", "value": person.role}]
    return {"id": person.id, "display": person.display, **account, "custom": custom}


def _conversation(
    conversation: Conversation, who: Sequence[Person], name: str, lacks: Sequence[str]
) -> dict[str, Any]:
    custodians = [person.id for role in _CUSTODIANS for person in who if person.role == role]
    facts = {fact: getattr(conversation, fact) for fact in _FACTS}
    facts["topics"] = ", ".join(conversation.topics)
    facts["keywords"] = ", ".join(conversation.keywords)
    facts["missing"] = " ".join(lacks)
    return {
        "id": name,
        "display": f"Call {conversation.id}",
        "platform": conversation.platform or conversation.source,
        "type": "direct",
        "participants": [person.id for person in who],
        **({"custodian": custodians[0]} if custodians else {}),
        "custom": list(_custom(facts)),
    }


def _event(event: Event, ids: Mapping[tuple[str, str], str], name: str) -> dict[str, Any]:
    time = {"timestamp": event.timestamp} if event.timestamp else {}
    turn = event.turn
    if turn is None:
        return {"type": "unknown", "conversation": name, **time, "body": "There is no transcript."}
    facts = {
        "speaker": turn.speaker,
        "start": sane(turn.start),
        "end": sane(turn.end),
        "confidence": turn.confidence,
        "time": "derived" if sane(turn.start) is None else None,
    }
    direction = {"direction": _DIRECTIONS[turn.role]} if turn.role in _DIRECTIONS else {}
    return {
        "id": f"T{turn.position}",
        "type": "message",
        "conversation": name,
        "participant": ids[_speaker(turn)],
        **time,
        "body": turn.text,
        **direction,
        "custom": list(_custom(facts)),
    }


def _custom(facts: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What is known of them as name and value; the schema wants texts that are not empty."""
    for name, value in facts.items():
        if value is not None and value != "":
            yield {"name": name, "value": str(value)}
