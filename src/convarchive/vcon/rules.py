"""What draft-ietf-vcon-vcon-core-03 demands of a vCon and its JSON schema lets pass.

The schema knows names and types. It does not know that an index must point at something, that what
is linked must be hashed, or which fields a kind of dialog must or must not have. Rules in capitals
in the draft (MUST, MUST NOT) are here, and of the others that a uuid should be of version 8. An
empty object is allowed everywhere: so what was redacted keeps its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import RFC_4122, UUID

from convarchive.vcon.content import decoded
from convarchive.vcon.values import indices, objects

_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_HASH: Final = re.compile(r"[a-z0-9]+-[A-Za-z0-9_-]+")
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;.*)?", re.ASCII | re.DOTALL)
_SHA512: Final = 64  # bytes

_CONTENT: Final = ("body", "encoding", "url", "content_hash")
_TRANSFER: Final = ("transferee", "transferor", "transfer_target", "original", "consultation",
                    "target_dialog")  # fmt: skip
_DISPOSITIONS: Final = ("no-answer", "congestion", "failed", "busy", "hung-up",
                        "voicemail-no-message")  # fmt: skip
_NEEDED: Final = {
    "incomplete": ("disposition",),
    "recording-set": ("recordings",),
    "transfer": ("transferee", "transferor", "transfer_target", "original", "target_dialog"),
}
_FORBIDDEN: Final = {
    "recording": (*_TRANSFER, "recordings", "disposition"),
    "text": (*_TRANSFER, "recordings", "recording_set", "disposition"),
    "incomplete": (*_CONTENT, *_TRANSFER, "recordings", "recording_set"),
    "recording-set": (*_CONTENT, *_TRANSFER, "recording_set", "disposition"),
    "transfer": (*_CONTENT, "parties", "originator", "mediatype", "filename", "recordings",
                 "recording_set", "disposition"),
}  # fmt: skip
_BUTTONS: Final = ("keydown", "keyup")


def violations(vcon: Mapping[str, Any]) -> list[str]:
    """Each a sentence that begins with the place; none for a vCon that keeps the rules.

    Args:
        vcon: In the unsigned form, and valid by the JSON schema.
    """
    return [*_whole(vcon), *_dialogs(vcon), *_analyses(vcon), *_attachments(vcon)]


def _whole(vcon: Mapping[str, Any]) -> Iterator[str]:
    yield from _uuid(vcon.get("uuid"))
    yield from _date("created_at", vcon.get("created_at"))
    if "updated_at" in vcon:
        yield from _date("updated_at", vcon["updated_at"])
    if vcon.get("redacted") and vcon.get("amended"):
        yield "redacted: it excludes amended"
    for name in ("redacted", "amended"):
        yield from _linked(name, vcon.get(name) or {})
    for at, party in enumerate(objects(vcon.get("parties"))):
        if "did" in party and not str(party["did"]).startswith("did:"):
            yield f"parties[{at}].did: it is no DID"


def _uuid(value: Any) -> Iterator[str]:
    try:
        found = UUID(value)
    except (ValueError, AttributeError, TypeError):
        yield "uuid: it is none"
        return
    if found.variant != RFC_4122 or found.version != 8:
        yield "uuid: it is not of version 8"


def _dialogs(vcon: Mapping[str, Any]) -> Iterator[str]:
    dialogs = objects(vcon.get("dialog"))
    for at, dialog in enumerate(dialogs):
        if not dialog:
            continue
        place, kind = f"dialog[{at}]", str(dialog.get("type"))
        if kind not in _FORBIDDEN:
            yield f"{place}.type: there is no {kind}"
        yield from _date(f"{place}.start", dialog.get("start"))
        for name in _NEEDED.get(kind, ()):
            if name not in dialog:
                yield f"{place}.{name}: it is missing"
        for name in _FORBIDDEN.get(kind, ()):
            if name in dialog:
                yield f"{place}.{name}: a dialog of type {kind} has none"
        if dialog.get("disposition", "busy") not in _DISPOSITIONS:
            yield f"{place}.disposition: it is none that there is"
        yield from _references(vcon, place, dialog)
        yield from _sets(dialogs, place, dialog)
        yield from _content(place, dialog)
        if "body" in dialog and "mediatype" not in dialog:
            yield f"{place}.mediatype: what is inline must have one"


def _references(vcon: Mapping[str, Any], place: str, dialog: Mapping[str, Any]) -> Iterator[str]:
    for name in ("parties", "originator", "transferee", "transferor", "transfer_target"):
        yield from _in_range(vcon, "parties", f"{place}.{name}", dialog.get(name))
    for name in ("original", "consultation", "target_dialog", "recordings", "recording_set"):
        yield from _in_range(vcon, "dialog", f"{place}.{name}", dialog.get(name))
    for at, event in enumerate(objects(dialog.get("party_history"))):
        there = f"{place}.party_history[{at}]"
        yield from _in_range(vcon, "parties", f"{there}.party", event.get("party"))
        yield from _date(f"{there}.time", event.get("time"))
        if event.get("event") in _BUTTONS and "button" not in event:
            yield f"{there}.button: it is missing"


def _sets(dialogs: list[dict[str, Any]], place: str, dialog: Mapping[str, Any]) -> Iterator[str]:
    for name, kind in (("recordings", "recording"), ("recording_set", "recording-set")):
        for index in indices(dialog.get(name)):
            if 0 <= index < len(dialogs) and dialogs[index].get("type") not in (None, kind):
                yield f"{place}.{name}: {index} is no {kind}"


def _analyses(vcon: Mapping[str, Any]) -> Iterator[str]:
    for at, analysis in enumerate(objects(vcon.get("analysis"))):
        place = f"analysis[{at}]"
        for name in ("type", "vendor") if analysis else ():
            if not isinstance(analysis.get(name), str):
                yield f"{place}.{name}: it is missing"
        yield from _in_range(vcon, "dialog", f"{place}.dialog", analysis.get("dialog"))
        yield from _in_range(vcon, "attachments", f"{place}.attachment", analysis.get("attachment"))
        yield from _content(place, analysis)


def _attachments(vcon: Mapping[str, Any]) -> Iterator[str]:
    for at, attachment in enumerate(objects(vcon.get("attachments"))):
        if not attachment:
            continue
        place = f"attachments[{at}]"
        yield from _date(f"{place}.start", attachment.get("start"))
        for name, within in (("party", "parties"), ("dialog", "dialog")):
            if type(attachment.get(name)) is not int:
                yield f"{place}.{name}: it is missing"
            yield from _in_range(vcon, within, f"{place}.{name}", attachment.get(name))
        yield from _content(place, attachment)


def _in_range(vcon: Mapping[str, Any], within: str, place: str, value: Any) -> Iterator[str]:
    there = len(objects(vcon.get(within)))
    for index in indices(value):
        if not 0 <= index < there:
            yield f"{place}: there is no {within}[{index}]"


def _content(place: str, part: Mapping[str, Any]) -> Iterator[str]:
    """The rules for files, inline or linked."""
    if "body" in part and "url" in part:
        yield f"{place}.url: there is a body, too"
    if part.get("body") not in (None, "") and "encoding" not in part:
        yield f"{place}.encoding: it is missing"
    if part.get("encoding", "json") != "json" and not isinstance(part.get("body", ""), str):
        yield f"{place}.body: it is no text"
    if part.get("encoding") == "base64url" and not _is_base64url(part.get("body", "")):
        yield f"{place}.body: it is not base64url"
    if "mediatype" in part and not _MEDIA_TYPE.fullmatch(str(part["mediatype"])):
        yield f"{place}.mediatype: it is none"
    yield from _linked(place, part)


def _linked(place: str, part: Mapping[str, Any]) -> Iterator[str]:
    if "url" in part and not str(part["url"]).startswith("https://"):
        yield f"{place}.url: it is not HTTPS"
    if "url" in part and not part.get("content_hash"):
        yield f"{place}.content_hash: a url must have one"
    hashes = part.get("content_hash", [])
    for token in hashes if isinstance(hashes, list) else [hashes]:
        if not _is_hash(token):
            yield f"{place}.content_hash: it is none"


def _is_base64url(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]*", value) is not None


def _is_hash(token: Any) -> bool:
    if not isinstance(token, str) or not _HASH.fullmatch(token):
        return False
    algorithm, _, digest = token.partition("-")
    try:
        return len(decoded(digest)) == _SHA512 or algorithm != "sha512"
    except ValueError:
        return False


def _date(place: str, value: Any) -> Iterator[str]:
    try:
        if _DATE.fullmatch(value):
            datetime.fromisoformat(value)
            return
    except (ValueError, TypeError):
        pass
    yield f"{place}: it is no time as RFC 3339 has it"
