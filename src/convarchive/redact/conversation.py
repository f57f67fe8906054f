"""A conversation without what is to be hidden: its turns, and every text anywhere in it."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, NamedTuple

from convarchive.model import Conversation, Turn
from convarchive.redact import phone
from convarchive.redact.fields import Fields
from convarchive.redact.redactor import SHORTEST_KNOWN, Known, Marks, Redactor, hidden, marks
from convarchive.redact.script import Line, Script

_TEXTS: Final = (
    "agent_id", "language", "summary", "sentiment", "intent", "outcome", "failure_reason",
    "abandonment_reason", "platform", "topics", "keywords", "actions", "follow_up_tasks",
    "satisfaction", "integrations", "quality", "network", "errors",
)  # fmt: skip
"""Every field that a vendor or a caller has a say in, but for the id and the caller's number. The
others are times, counts, one of a few words or, as ``source``, of the user's own making."""


class Redacted(NamedTuple):
    """What became of a conversation."""

    conversation: Conversation
    """Its recording is as it was."""
    turns: Marks
    """What is hidden in the turns, by their index."""
    fields: dict[str, Counter[str]]
    """How many of each kind are hidden in other fields, by the names of these."""
    known: Known
    """By which the same is found elsewhere."""


def turns_of(conversation: Conversation) -> Script:
    """The turns as a script."""
    lines = (Line(_side(turn), turn.text) for turn in conversation.turns)
    return Script(lines, conversation.language, conversation.caller_number)


def redact(conversation: Conversation, pseudonym: str, redactor: Redactor) -> Redacted:
    """The conversation with markers in the place of what is found.

    Args:
        conversation: As it is in the archive.
        pseudonym: Its id, if there is something to hide in that.
        redactor: What to hide.
    """
    known = Known()
    if redactor.kinds.phones and conversation.caller_number:
        known.add(phone.KIND, conversation.caller_number)
    script = turns_of(conversation)
    found = redactor.find(script, known)
    before = len(known)
    changed, counts = _fields(conversation, pseudonym, redactor, known)
    if len(known) > before:
        # A summary can say in figures what was not understood where it was said.
        found += known.find(script)
        changed, counts = _fields(conversation, pseudonym, redactor, known)
    turns = marks(found)
    changed["turns"] = tuple(
        turn._replace(speaker=speaker, text=hidden(turn.text, turns.get(at, ())))
        for at, (turn, speaker) in enumerate(
            zip(conversation.turns, changed.pop("speakers"), strict=True)
        )
    )
    return Redacted(conversation._replace(**changed), turns, counts, known)


def _fields(
    conversation: Conversation, pseudonym: str, redactor: Redactor, known: Known
) -> tuple[dict[str, Any], dict[str, Counter[str]]]:
    """The fields with what is to be hidden replaced, and how much that was in each."""
    counts: dict[str, Counter[str]] = {}

    def redacted(name: str, value: Any) -> Any:
        fields = Fields(
            redactor, known, language=conversation.language, caller=conversation.caller_number
        )
        result = fields.value(value, name.replace("_", " "))
        if fields.found:
            counts[name] = fields.found
        return result

    changed = {name: redacted(name, getattr(conversation, name)) for name in _TEXTS}
    changed["caller_number"] = redacted("caller_number", conversation.caller_number)
    if redactor.kinds.phones and _is_number(conversation.caller_number):
        changed["caller_number"] = f"[{phone.KIND}]"
        counts["caller_number"] = Counter({phone.KIND: 1})
    if redacted("id", conversation.id) != conversation.id:
        changed["id"] = pseudonym
    speakers = dict.fromkeys(turn.speaker for turn in conversation.turns)
    known_as = {speaker: redacted("speaker", speaker) for speaker in speakers}
    changed["speakers"] = [known_as[turn.speaker] for turn in conversation.turns]
    return changed, counts


def _is_number(caller: str | None) -> bool:
    """Whether it isn't a word, as *anonymous*."""
    return sum(map(str.isdecimal, caller or "")) >= SHORTEST_KNOWN


def _side(turn: Turn) -> str:
    return turn.role if turn.role in ("agent", "customer") else turn.speaker
