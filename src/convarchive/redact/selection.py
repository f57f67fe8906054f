"""A selection that is redacted: what an export is given in its place, whatever its format.

Formats know nothing of this. They ask a selection for conversations, documents and recordings, and
get them without what is to be hidden. The selection is made anew, field by field, so that nothing
passes through that was not thought of here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Self

from convarchive.export.selection import Problem, Selection
from convarchive.model import Conversation
from convarchive.redact import documents
from convarchive.redact.conversation import Redacted, redact
from convarchive.redact.fields import Fields
from convarchive.redact.kinds import Kinds
from convarchive.redact.redactor import Known, Redactor, counted
from convarchive.redact.report import SCHEMA, Documents, Entry, Report
from convarchive.redact.sound import Sound

_UNREADABLE: Final = "it is no JSON, so nothing could be looked for in it"


class Redaction:
    """A selection and what is hidden in it; close it when the export is done.

    Args:
        selection: What would be exported.
        kinds: What is to be hidden.
        sound: One of `convarchive.redact.sound.MODES`.
    """

    def __init__(self, selection: Selection, kinds: Kinds, sound: str = "without") -> None:
        self._original = selection
        self._redactor = Redactor(kinds)
        self._sound = Sound(sound, selection.recording)
        self._keeps_sound = sound == "keep"
        self._last: tuple[int, Conversation, Redacted] | None = None
        self._renamed: dict[tuple[str, str], str] = {}
        self.report = Report()

    @property
    def selection(self) -> Selection:
        """What may be exported."""
        before = self._original
        return Selection(
            query=self._plain(before.query),
            archive=self._plain(before.archive),
            count=before.count,
            conversations=self._conversations,
            documents=self._documents,
            understood=self._plain(before.understood),
            recording=self._sound.file,
            problems=self._problems,
            absent=before.absent,
            wishes=before.wishes,
        )

    def document(self) -> dict[str, Any]:
        """The report as a JSON document, when the export is done."""
        totals = self.report.totals()
        return {
            "schema": SCHEMA,
            "kinds": list(self._redactor.kinds.asked),
            "query": self._plain(self._original.query),
            "archive": self._plain(self._original.archive),
            "count": self._original.count,
            "conversations_with_findings": totals.conversations,
            "hidden": totals.hidden,
            "conversations": list(self.report.entries()),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._sound.close()

    def _plain(self, text: str) -> str:
        return Fields(self._redactor, Known()).text(text)

    def _conversations(self) -> Iterator[tuple[int, Conversation]]:
        for key, conversation in self._original.conversations():
            yield key, self._redacted(key, conversation).conversation

    def _problems(self) -> Iterator[Problem]:
        for problem in self._original.problems():
            name = self._renamed.get(problem[:2], problem.id)
            yield Problem(problem.source, self._plain(name), self._plain(problem.message))

    def _redacted(self, key: int, conversation: Conversation) -> Redacted:
        redacted = redact(conversation, f"redacted-{key}", self._redactor)
        kept = self._sound.kept(conversation, redacted.turns)
        safe = redacted.conversation._replace(recording=kept.recording)
        self._last = key, conversation, redacted
        if safe.id != conversation.id:
            self._renamed[conversation[:2]] = safe.id
        positions = {
            conversation.turns[at].position: counted(marked)
            for at, marked in redacted.turns.items()
        }
        left_out = {"recording": kept.why_not} if kept.why_not else {}
        self.report.conversation(
            key,
            Entry(
                safe.source,
                safe.id,
                safe.id != conversation.id,
                positions,
                redacted.fields,
                left_out,
            ),
        )
        return redacted._replace(conversation=safe)

    def _documents(self, key: int) -> Sequence[tuple[str, bytes]]:
        """The vendor's documents that can be read, without what is known of the conversation."""
        before, redacted = self._of(key)
        found, hidden, left_out = [], {}, {}
        for name, body in self._original.documents(key):
            after = redacted.conversation
            fields = Fields(
                self._redactor, redacted.known, language=before.language,
                caller=before.caller_number, links=self._keeps_sound,
                renamed=None if after.id == before.id else (before.id, after.id),
            )  # fmt: skip
            safe = documents.redact(body, fields)
            if safe is None:
                left_out[name] = _UNREADABLE
                continue
            found.append((name, safe))
            if fields.found:
                hidden[name] = fields.found
        self.report.documents(key, Documents(hidden, left_out))
        return found

    def _of(self, key: int) -> tuple[Conversation, Redacted]:
        """The conversation of this key; nearly always the one that passed last."""
        if self._last is None or self._last[0] != key:
            found = (each for at, each in self._original.conversations() if at == key)
            self._redacted(key, next(found))
        assert self._last is not None  # noqa: S101 - it was set just now
        return self._last[1:]
