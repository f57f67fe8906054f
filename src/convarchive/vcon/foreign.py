"""A vCon that someone else made, as a conversation, as well as can be.

==================  =============================================================================
in the conversation from the vCon
==================  =============================================================================
``id``              ``uuid``, or a hash of the vCon where it has none
``status``          ``completed`` where something was captured; of a call that never came to it,
                    ``abandoned`` if it was ``hung-up``, else ``failed``, with the disposition as
                    the reason
``started_at``      the earliest start of a dialog; ``ended_at`` and ``duration`` to the latest end
``caller_number``   the number of the customer, or of the first party of the first dialog
``agent_id``        the agent's ``uuid``, or name
``platform``        the first ``application`` of a dialog
``topics``          the ``subject``
``summary``         the first analysis of that type; so is ``sentiment``
``turns``           the dialogs of type ``text``, and of each other one the first transcript that
                    can be read
``recording``       the first dialog with sound
==================  =============================================================================

Times in ``turns`` count from the start of the conversation. Other dialogs with sound, translations,
attachments and references to other vCons have no place and are left where they are, in the bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from convarchive.model import Conversation, Recording, Turn
from convarchive.transcripts.roles import role_of
from convarchive.vcon.content import body, body_bytes, hashes
from convarchive.vcon.spoken import Heard, Person, turns
from convarchive.vcon.values import indices, instant, length, moment, objects, text
from convarchive.vcon.written import words

_IDENTITIES: Final = ("name", "tel", "mailto", "sip", "did", "uuid")
_SCHEME: Final = re.compile(r"^(tel|mailto|sip|sips):")
_LABELS: Final = ("summary", "text", "content", "sentiment", "label", "overall", "result", "value")
_CAPTURED: Final = ("recording", "text")


class Dialog(NamedTuple):
    """One dialog with its times."""

    number: int
    """Its index."""
    part: Mapping[str, Any]
    start: datetime | None
    duration: float | None

    @property
    def kind(self) -> str:
        """Its type."""
        return str(self.part.get("type"))


class Sound(NamedTuple):
    """A recording."""

    known: Recording
    data: bytes | None
    """The sound itself, where it is inline."""
    hashes: list[tuple[str, bytes]]
    """What the vCon says of it: digests, each with its algorithm."""


def conversation(source: str, vcon: Mapping[str, Any], digest: str) -> Conversation:
    """What this vCon, unsigned, says.

    Args:
        source: What to call its source.
        vcon: Of any syntax version.
        digest: Of its bytes, for one without a uuid.
    """
    parties = objects(vcon.get("parties"))
    people = _people(parties)
    dialogs, sound = _dialogs(vcon), sound_of(vcon)
    began = min((one.start for one in dialogs if one.start), default=None)
    ended = max(filter(None, map(_end, dialogs)), default=None)
    status, reason = _status(dialogs)
    analyses = objects(vcon.get("analysis"))
    said = _said(dialogs, analyses, people, began)
    return Conversation(
        source=source,
        id=text(vcon.get("uuid")) or f"vcon-{digest}",
        status=status,
        started_at=instant(began) if began else None,
        ended_at=instant(ended) if ended else None,
        duration=(ended - began).total_seconds() if began and ended else None,
        agent_id=_agent(parties, people),
        caller_number=_caller(parties, people, dialogs),
        language=_language(analyses),
        summary=_analysed(analyses, "summary"),
        sentiment=_analysed(analyses, "sentiment"),
        failure_reason=reason if status == "failed" else None,
        abandonment_reason=reason if status == "abandoned" else None,
        platform=next(filter(None, (text(one.part.get("application")) for one in dialogs)), None),
        topics=(vcon["subject"],) if text(vcon.get("subject")) else (),
        recording=sound.known if sound else None,
        has_transcript=said is not None,
        turns=tuple(turn._replace(position=at) for at, turn in enumerate(said or ())),
    )


def sound_of(vcon: Mapping[str, Any]) -> Sound | None:
    """The first recording that is inline; without one, the first that is named by a link."""
    heard = [part for part in objects(vcon.get("dialog")) if part.get("type") == "recording"]
    for part in heard:
        if (sound := body_bytes(part)) is not None:
            known = Recording(None, hashlib.sha256(sound).hexdigest(), len(sound), _media(part))
            return Sound(known, sound, hashes(part))
    for part in heard:
        if url := text(part.get("url")):
            return Sound(Recording(url, media_type=_media(part)), None, [])
    return None


def _dialogs(vcon: Mapping[str, Any]) -> list[Dialog]:
    return [
        Dialog(index, part, moment(part.get("start")), length(part.get("duration")))
        for index, part in enumerate(objects(vcon.get("dialog")))
    ]


def _people(parties: Sequence[Mapping[str, Any]]) -> list[Person]:
    people = []
    for party in parties:
        known = [found for name in _IDENTITIES if (found := text(party.get(name)))]
        stated = text(party.get("role")) or ""
        role = role_of(stated)
        if role == "other" and party.get("type") == "bot":
            role = "agent"
        name = _SCHEME.sub("", known[0]) if known else stated
        people.append(Person(name, role if role != "other" else role_of(name)))
    return people


def _agent(parties: Sequence[Mapping[str, Any]], people: Sequence[Person]) -> str | None:
    for party, person in zip(parties, people, strict=True):
        if person.role == "agent":
            return text(party.get("uuid")) or text(party.get("name"))
    return None


def _caller(
    parties: Sequence[Mapping[str, Any]], people: Sequence[Person], dialogs: Sequence[Dialog]
) -> str | None:
    customers = [at for at, person in enumerate(people) if person.role == "customer"]
    callers = [at for one in dialogs[:1] for at in indices(one.part.get("parties"))[:1]]
    for at in (*customers, *callers):
        if 0 <= at < len(parties) and (called := text(parties[at].get("tel"))):
            return called.removeprefix("tel:")
    return None


def _status(dialogs: Sequence[Dialog]) -> tuple[str, str | None]:
    """The status, and what the draft calls disposition."""
    if any(one.kind in _CAPTURED for one in dialogs):
        return "completed", None
    for one in dialogs:
        if one.kind == "incomplete":
            reason = text(one.part.get("disposition"))
            return "abandoned" if reason == "hung-up" else "failed", reason
    return "unknown", None


def _end(one: Dialog) -> datetime | None:
    try:
        return one.start and one.start + timedelta(seconds=one.duration or 0)
    except OverflowError:
        return None


def _said(
    dialogs: Sequence[Dialog], analyses: Sequence[Mapping[str, Any]], people: Sequence[Person],
    began: datetime | None,
) -> list[Turn] | None:  # fmt: skip
    """All turns; None where there is neither a text nor a transcript."""
    written = [one for one in dialogs if one.kind == "text"]
    groups = [[_typed(one, people, began)] for one in written]
    done = {one.number for one in written}
    there = bool(written)
    for analysis in analyses:
        if not str(analysis.get("type")).startswith("transcript"):
            continue
        there = True
        # One that names no dialog is of all of them, which stands here as -1.
        of = set(indices(analysis.get("dialog"))) or {-1}
        if of & done:
            continue
        if found := turns(body(analysis), _heard(of, dialogs, people, began)):
            groups.append(found)
            done |= of
    merged = [turn for group in groups for turn in group]
    if len(groups) > 1 and all(turn.start is not None for turn in merged):
        merged.sort(key=lambda turn: turn.start or 0)
    return merged if there else None


def _heard(
    of: set[int], dialogs: Sequence[Dialog], people: Sequence[Person], began: datetime | None
) -> Heard:
    starts = [one.start for one in dialogs if one.start and (one.number in of or of == {-1})]
    start = min(starts, default=began)
    return Heard(people, start, (start - began).total_seconds() if start and began else 0.0)


def _typed(one: Dialog, people: Sequence[Person], began: datetime | None) -> Turn:
    """A message that someone has written."""
    origin = [*indices(one.part.get("originator")), *indices(one.part.get("parties"))][:1]
    known = [people[at] for at in origin if 0 <= at < len(people)]
    person = known[0] if known else Person("", "other")
    start = (one.start - began).total_seconds() if one.start and began else None
    end = start + one.duration if start is not None and one.duration else None
    return Turn(0, person.name, person.role, words(one.part), start, end)


def _analysed(analyses: Sequence[Mapping[str, Any]], kind: str) -> str | None:
    for analysis in analyses:
        if analysis.get("type") == kind:
            said = body(analysis)
            if isinstance(said, dict):
                said = next((said[name] for name in _LABELS if text(said.get(name))), None)
            if found := text(said):
                return found
    return None


def _language(analyses: Sequence[Mapping[str, Any]]) -> str | None:
    for analysis in analyses:
        said = body(analysis) if analysis.get("type") == "transcript" else None
        for place in (said, said.get("transcript") if isinstance(said, dict) else None):
            if isinstance(place, dict) and (found := text(place.get("language"))):
                return found
    return None


def _media(part: Mapping[str, Any]) -> str | None:
    return text(part.get("mediatype")) or text(part.get("mimetype"))
