"""One conversation as one page of HTML that needs nothing else: to read, to hear, to print.

The page takes nothing from elsewhere but the recording beside it, and a browser is told so: its
`Content-Security-Policy <https://www.w3.org/TR/CSP3/>`_ allows the page's own style and script by
their hashes, and nothing more. What was said stands where each side's writing direction puts it
(``dir="auto"``), under the language of the call.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final

from convarchive import __version__
from convarchive.export.encoding import encode
from convarchive.export.markup import Markup, joined, tag
from convarchive.model import Conversation, Turn
from convarchive.transcripts.cues import NO_WORDS
from convarchive.transcripts.plain import one_line
from convarchive.transcripts.roles import label
from convarchive.transcripts.timing import clock, sane

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?Z")

_FACTS: Final = {
    "status": "Status",
    "outcome": "Outcome",
    "failure_reason": "Failed because",
    "abandonment_reason": "Abandoned because",
    "sentiment": "Sentiment",
    "intent": "Intent",
    "topics": "Topics",
    "keywords": "Keywords",
    "caller_number": "Caller",
    "agent_id": "Agent",
    "language": "Language",
    "platform": "Platform",
    "source": "Source",
}
_MORE: Final = {
    "actions": "Actions",
    "follow_up_tasks": "Follow-up tasks",
    "satisfaction": "Satisfaction",
    "integrations": "Integrations",
    "quality": "Quality",
    "network": "Network",
    "errors": "Errors",
}


def page(conversation: Conversation, archive: str, sound: str | None) -> bytes:
    """The page of a conversation.

    Args:
        conversation: With its turns.
        archive: The archive's name.
        sound: The file with the recording, beside the page; None where there is none.
    """
    body = joined(
        tag("h1", tag("bdi", conversation.id)),
        tag("p", _under(conversation), class_="under"),
        _table("Details", _facts(conversation, sound), "facts"),
        _summary(conversation),
        tag("h2", "Transcript"),
        tag("audio", controls="", preload="metadata", src=sound) if sound else Markup(),
        _transcript(conversation, sound),
        _table("Further data", _more(conversation), "facts further"),
        tag("footer", _footer(conversation, archive)),
    )
    return document(conversation.id, tag("main", body), script=sound is not None)


def document(title: str, body: Markup, *, script: bool = False, class_: str | None = None) -> bytes:
    """A whole page with this body, our style, and our script if it is asked for."""
    style, code = _own("page.css"), _own("page.js")
    policy = ["default-src 'none'", f"style-src {_hash(style)}", "base-uri 'none'"]
    policy += ["form-action 'none'"]
    if script:
        policy += [f"script-src {_hash(code)}", "media-src 'self' file:"]
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content="; ".join(policy)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", one_line(title)),
        tag("style", style),
        gap="\n",
    )
    last = tag("script", code) if script else Markup()
    whole = tag("html", tag("head", head), tag("body", body, last, class_=class_), lang="en")
    return f"<!doctype html>\n{whole}\n".encode()


def when(instant: str | None) -> Markup:
    """A time in UTC as people read it; what is no such time, as it is."""
    found = _INSTANT.fullmatch(instant or "")
    if not instant or not found:
        return tag("bdi", instant or "no date")
    return tag("time", f"{found[1]} {found[2]} UTC", datetime=instant)


def length(seconds: float | None) -> str:
    """A duration as ``00:04:07``."""
    known = sane(seconds)
    return "" if known is None else clock(int(known))[:-4]


def _under(conversation: Conversation) -> Markup:
    """The line below the heading."""
    parts = [when(conversation.started_at)]
    parts += [tag("span", length(conversation.duration))] if conversation.duration else []
    parts += [tag("bdi", conversation.outcome or conversation.status)]
    return joined(*parts, gap=" · ")


Facts = Iterator[tuple[str, Markup]]
"""What it is, and how it is."""


def _facts(conversation: Conversation, sound: str | None) -> Facts:
    yield "Started", when(conversation.started_at)
    if conversation.ended_at:
        yield "Ended", when(conversation.ended_at)
    for name, title in _FACTS.items():
        if value := getattr(conversation, name):
            yield title, _value(value)
    if conversation.deleted_at_source:
        yield "Deleted by the vendor", when(conversation.deleted_at_source)
    recording = conversation.recording
    if recording and recording.sha256:
        size = None if recording.bytes is None else f"{recording.bytes:,} bytes"
        where = None if sound else "not beside this page"
        known = (size, recording.media_type, f"SHA-256 {recording.sha256}", where)
        yield "Recording", tag("bdi", ", ".join(part for part in known if part), class_="hash")


def _more(conversation: Conversation) -> Facts:
    for name, title in _MORE.items():
        value = getattr(conversation, name)
        if value not in (None, (), [], {}):
            yield title, tag("code", encode(value).decode(), dir="ltr")


def _value(value: Any) -> Markup:
    return tag("bdi", ", ".join(map(str, value)) if isinstance(value, tuple) else str(value))


def _table(title: str, facts: Facts, class_: str) -> Markup:
    rows = [tag("div", tag("dt", name), tag("dd", value, class_="said")) for name, value in facts]
    return joined(tag("h2", title), tag("dl", *rows, class_=class_)) if rows else Markup()


def _summary(conversation: Conversation) -> Markup:
    if not conversation.summary:
        return Markup()
    language = _language(conversation)
    words = tag("p", conversation.summary, class_="said", dir="auto", lang=language)
    return joined(tag("h2", "Summary"), words)


def _transcript(conversation: Conversation, sound: str | None) -> Markup:
    if not conversation.turns:
        return tag("p", "There is none.", class_="under")
    turns = (_turn(turn, sound) for turn in conversation.turns)
    return tag("ol", *turns, class_="turns", role="list", lang=_language(conversation))


def _language(conversation: Conversation) -> str:
    """The tag of the call's language, empty where it is not known."""
    language = conversation.language or ""
    return language if _LANGUAGE.fullmatch(language) else ""


def _turn(turn: Turn, sound: str | None) -> Markup:
    return tag(
        "li",
        _place(turn, sound),
        tag("span", tag("bdi", label(turn.speaker, turn.role)), class_="who"),
        tag("p", turn.text.strip() or NO_WORDS, class_="said", dir="auto"),
        class_=turn.role,
    )


def _place(turn: Turn, sound: str | None) -> Markup:
    """When it was said: a link into the recording, which the script plays on the page."""
    start = sane(turn.start)
    if start is None:
        return tag("span", "", class_="when")
    if sound is None:
        return tag("time", length(start))
    return tag("a", length(start), href=f"{sound}#t={start}", data_at=str(start))


def _footer(conversation: Conversation, archive: str) -> str:
    return (
        f"From the archive {archive}, revision {conversation.revision}, by convarchive"
        f" {__version__}. A page to read; an export as jsonl has the text to the character."
    )


@cache
def _own(name: str) -> Markup:
    """A file of ours beside this module."""
    return Markup(files("convarchive.export").joinpath(name).read_text(encoding="utf-8"))


@cache
def _hash(code: str) -> str:
    """How a policy names a style or a script that it allows."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
