"""``rsmf``: Relativity Short Message Format 2.0, a call as a chat to review.

A file a conversation, ``conv_8f2kq1.rsmf``: a mail message with one attachment, ``rsmf.zip``, which
holds ``rsmf_manifest.json`` (see `rsmf_manifest`) and what is attached: the vendor's bytes, and the
recording if it is wished for. The body is the transcript as text. Relativity describes the format
(https://help.relativity.com, "Relativity Short Message Format") and gives a JSON schema for the
manifest.

* **Slices.** Relativity wants no more than 10,000 events in a file, and slices of a day. No call in
  its senses has as many turns or lasts as long; one that does becomes ``….slice+1.rsmf``,
  ``….slice+2.rsmf`` (no id makes a name with ``+``), with one ``X-RSMF-EventCollectionID``. What is
  attached is in the first.
* **Times.** An event's time is the start of the call and the place of the turn in it. Where the
  vendor gave a turn no time, it is derived as for subtitles, and the event says so. If the start of
  the call is not known, events have no time (it is optional), only their order. The message must
  have a ``Date``; then it is the beginning of 1970 in ``-0000``, which stands for "not known".
* **Addresses.** A message needs a sender. Those here end in ``.invalid`` (RFC 2606), since callers
  and agents have no mail address.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, Final, NamedTuple

from convarchive import __version__
from convarchive.export import mime
from convarchive.export.encoding import encode
from convarchive.export.exceptions import missing, noted
from convarchive.export.instants import instant
from convarchive.export.listing import BESIDE, Content, write_each
from convarchive.export.names import safe
from convarchive.export.rsmf_manifest import Event, Person, events, manifest, people
from convarchive.export.selection import Selection, Sink, Tree, TreeFormat
from convarchive.export.trees import Zip
from convarchive.model import Conversation
from convarchive.transcripts import write as transcript

ZIP: Final = "rsmf.zip"
MANIFEST: Final = "rsmf_manifest.json"
MOST_EVENTS: Final = 10_000
LONGEST: Final = 24 * 3600.0
"""Seconds from the first event of a slice to its last."""

_DOMAIN: Final = "convarchive.invalid"
_IN_MEMORY: Final = 1_000_000
_MOST_NAMED: Final = 20
"""People in headers; the manifest has everybody."""


def write(selection: Selection, tree: Tree) -> None:
    """A message or more for each conversation, and ``manifest.json``."""
    problems = noted(selection)

    def files(key: int, conversation: Conversation) -> Iterator[tuple[str, Content]]:
        who = people(conversation)
        lacks = [lack.why for lack in missing(selection, conversation, problems)]
        slices = sliced(events(conversation))
        for nth, what in enumerate(slices, start=1):
            suffix = "rsmf" if len(slices) == 1 else f"slice+{nth}.rsmf"
            part = _Slice(conversation, lacks, who, what, nth)
            yield suffix, partial(_message, selection, key, part)

    write_each(selection, tree, "rsmf", files)


def sliced(timed: Sequence[Event]) -> list[Sequence[Event]]:
    """The events in files that are small enough; at least one file."""
    slices: list[list[Event]] = [[]]
    for event in timed:
        last = slices[-1]
        if len(last) == MOST_EVENTS or (last and event.offset - last[0].offset > LONGEST):
            slices.append([])
        slices[-1].append(event)
    return list(slices)


class _Slice(NamedTuple):
    """What goes into one file."""

    conversation: Conversation
    lacks: Sequence[str]
    """What is missing of it, in sentences."""
    people: Sequence[Person]
    events: Sequence[Event]
    nth: int
    """Counted from 1."""


def _message(selection: Selection, key: int, part: _Slice, out: Sink) -> None:
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as packed:
        attached = _packed(selection, key, part, packed)
        packed.seek(0)
        turns = [event.turn for event in part.events if event.turn]
        text = transcript(turns, "text") or "There is no transcript.\n"
        mime.write(out, _headers(part, attached), text, ZIP, packed)


def _packed(selection: Selection, key: int, part: _Slice, out: IO[bytes]) -> int:
    """Fill ``rsmf.zip``; how many attachments there are."""
    attached: list[tuple[str, int]] = []
    with Zip(out) as archive:
        if part.nth == 1:
            for name, data in selection.documents(key):
                file = f"vendor-{safe(name)}.json"
                archive.add(file, data)
                attached.append((file, len(data)))
            if sound := selection.sound(part.conversation):
                file = f"recording{sound.path.suffix}"
                with sound.path.open("rb") as source:
                    archive.copy(file, source)
                    attached.append((file, source.tell()))
        made = manifest(part.conversation, part.people, part.events, attached, part.lacks)
        archive.add(MANIFEST, encode(made))
    return len(attached)


def _headers(part: _Slice, attached: int) -> Iterator[tuple[str, str]]:
    conversation = part.conversation
    times = [event.timestamp for event in part.events if event.timestamp]
    sender, *others = part.people or (Person("P0", "Unknown", "other"),)
    digest = hashlib.sha256(f"{conversation.source}\0{conversation.id}\0{part.nth}".encode())
    yield "From", _mailbox(sender)
    if others:
        yield "To", ",\r\n ".join(map(_mailbox, others[:_MOST_NAMED]))
    yield "Date", mime.date(instant(times[0] if times else conversation.started_at))
    yield "Subject", mime.unstructured(f"Call {conversation.id}")
    yield "Message-ID", f"<{digest.hexdigest()[:32]}@{_DOMAIN}>"
    yield "X-RSMF-Version", "2.0.0"
    yield "X-RSMF-Generator", f"convarchive {__version__}"
    if times:
        yield "X-RSMF-BeginDate", min(times)
        yield "X-RSMF-EndDate", max(times)
    yield "X-RSMF-EventCount", str(len(part.events))
    yield "X-RSMF-AttachmentCount", str(attached)
    yield "X-RSMF-Application", mime.unstructured(conversation.platform or conversation.source)
    custodian = conversation.agent_id or conversation.caller_number
    if custodian:
        yield "X-RSMF-Custodian", mime.unstructured(custodian)
    names = [person.display.replace(",", " ") for person in part.people[:_MOST_NAMED]]
    if names:
        yield "X-RSMF-Participants", mime.unstructured(", ".join(names))
    yield "X-RSMF-EventCollectionID", mime.unstructured(f"{conversation.source}/{conversation.id}")


def _mailbox(person: Person) -> str:
    return mime.mailbox(person.display, f"{person.id.lower()}@{_DOMAIN}")


FORMAT = TreeFormat(
    "rsmf",
    "Relativity short messages, a call as a chat",
    write,
    BESIDE,
)
