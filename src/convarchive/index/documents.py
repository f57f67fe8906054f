"""From a conversation to the index's document.

The body is indexed and not stored: what is shown comes from the store, so the index is small and
there is only one truth.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from convarchive.index import digits, schema
from convarchive.index.stems import stems_of
from convarchive.index.words import fold
from convarchive.model import Conversation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_DIALLED = re.compile(r"[^\d+]")
_SHORTEST_NUMBER = 7


def document(key: int, conversation: Conversation) -> dict[str, Any]:
    """The fields of one conversation, as `schema` has them."""
    fields: dict[str, Any] = {
        "rowid": key,
        "started": microseconds(conversation.started_at),
        "duration": milliseconds(conversation.duration),
        "turns": len(conversation.turns),
    }
    fields |= {name: terms for name, terms in _terms(conversation).items() if terms}
    fields |= _spoken(conversation)
    return fields


def microseconds(started_at: str | datetime | None) -> int:
    """A time as the index has it."""
    if started_at is None:
        return schema.UNKNOWN
    if isinstance(started_at, str):
        started_at = datetime.fromisoformat(started_at)
    elapsed = started_at - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def milliseconds(duration: float | None) -> int:
    """A duration as the index has it; one beyond all sense is the longest that there can be."""
    if duration is None:
        return schema.UNKNOWN
    return round(min(max(duration * 1000, schema.UNKNOWN), schema.LARGEST))


def exact(value: str) -> str:
    """A value of an exact field: case doesn't matter."""
    return value.casefold()


def language_tag(value: str) -> str:
    """A language as the index has it: ``pt_BR`` is ``pt-br``."""
    return exact(value).replace("_", "-")


def caller_terms(number: str | None) -> list[str]:
    """Every way in which a caller is looked for.

    A phone number in full, ``+15550104477``, and its endings from seven digits up, for those who
    write it without the country or the area. Anything else is kept as it is.
    """
    if number is None:
        return []
    dialled = _NOT_DIALLED.sub("", number)
    digits = dialled.replace("+", "")
    if len(digits) < _SHORTEST_NUMBER or any(letter.isalpha() for letter in number):
        return [exact(number)]
    endings = [digits[at:] for at in range(len(digits) - _SHORTEST_NUMBER + 1)]
    return ["+" + digits, *endings]


def _terms(conversation: Conversation) -> dict[str, list[str]]:
    language = language_tag(conversation.language or "")
    single = {
        "id": conversation.id,
        "source": conversation.source,
        "agent_id": conversation.agent_id,
        "status": conversation.status,
        "outcome": conversation.outcome,
        "sentiment": conversation.sentiment,
        "intent": conversation.intent,
        "platform": conversation.platform,
    }
    return {
        **{name: [exact(value)] for name, value in single.items() if value},
        "caller": caller_terms(conversation.caller_number),
        "topic": [exact(topic) for topic in conversation.topics],
        "keyword": [exact(keyword) for keyword in conversation.keywords],
        "language": list(dict.fromkeys((language, language.partition("-")[0]))) if language else [],
        "flag": _flags(conversation),
    }


def _flags(conversation: Conversation) -> list[str]:
    deleted = conversation.deleted_at_source is not None
    unfinished = conversation.status == "in_progress" or (
        conversation.status == "completed" and not conversation.has_transcript
    )
    flags = {
        "has:recording": conversation.recording is not None,
        "has:transcript": conversation.has_transcript,
        "has:summary": bool(conversation.summary),
        "is:deleted": deleted,
        "is:pending": unfinished and not deleted,
        "is:changed": conversation.revision > 1,
    }
    return [flag for flag, set_ in flags.items() if set_]


def _spoken(conversation: Conversation) -> dict[str, list[str]]:
    said = [(turn.role, fold(turn.text)) for turn in conversation.turns]
    summary = [("summary", fold(conversation.summary))] if conversation.summary else []
    forms = schema.forms_of(conversation.language)
    stems = stems_of(forms)
    fields: defaultdict[str, list[str]] = defaultdict(list)
    pairs: list[str] = []
    for side, text in (*said, *summary):
        stemmed = stems.of(text.split())
        pairs += map(schema.PAIRED.join, pairwise(stemmed))
        joined = " ".join(stemmed)
        for field in _fields(side):
            fields[field].append(text)
            fields[schema.stemmed(field, forms)].append(joined)
    fields[schema.pairs(forms)] = [" ".join(pairs)]
    for texts in (said, summary):
        for run in digits.runs(texts, conversation.language):
            for field in _fields(run.side):
                fields[schema.numbers(field)] += digits.indexed(run)
    return fields | {"forms": [forms]}


def _fields(side: str) -> tuple[str, ...]:
    return (schema.SAID, side) if side in schema.SPOKEN else (schema.SAID,)
