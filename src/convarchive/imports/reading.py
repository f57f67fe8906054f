"""From a file to the conversations in it, one at a time, and to what can't be read of it.

One part that is bad costs itself and nothing else: a line, an item of a list, a file. Only where a
file ends too early, or is damaged where it is packed, nothing more can come of it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Any, Final, NamedTuple

from convarchive.errors import ConvarchiveError, Unreadable
from convarchive.imports import forms
from convarchive.imports.finding import Bundle, File, Found, Trouble
from convarchive.imports.naming import Pattern, without_suffix
from convarchive.imports.seal import Seal
from convarchive.imports.splitting import LARGEST, Piece, pieces
from convarchive.imports.stream import FAILURES, Stream, unpacked
from convarchive.model import Conversation
from convarchive.records import NAMED, own, read, spoken, vcons
from convarchive.sources import recognises, state
from convarchive.store.mirror import IMPORTED

_LONGEST_TRANSCRIPT: Final = 64 << 20
_SHOWN: Final = 64 << 10
"""Bytes that are kept of a file that nobody knows."""


class Options(NamedTuple):
    """What an import is asked to do."""

    source: str | None = None
    """Of what names none: payloads, vCons, transcripts. None is `IMPORTED`."""
    pattern: Pattern | None = None
    """Of the names of transcripts."""
    language: str | None = None
    """Of transcripts."""
    dry_run: bool = False
    """Only say what would go in."""


class Entry(NamedTuple):
    """A conversation that was read."""

    where: str
    """The file, and the place in it."""
    file: File
    conversation: Conversation
    fingerprint: str
    documents: tuple[tuple[str, bytes], ...]
    sound: tuple[bytes, str | None] | None = None
    """The recording and its media type, where it came inside."""


class Reader:
    """Reads files.

    Args:
        options: What to do.
        kind: The kind of a source by its name.
    """

    def __init__(self, options: Options, kind: Callable[[str], str]) -> None:
        self._options = options
        self._kind = kind
        self._stream: Stream | None = None

    @property
    def taken(self) -> int:
        """Bytes that have been read of the last file, packed if it is."""
        return self._stream.taken if self._stream else 0

    def read(self, found: Found) -> Iterator[Entry | Trouble]:
        """What is in a file."""
        if isinstance(found, Trouble):
            yield found
            return
        try:
            yield from self._bundle(found) if isinstance(found, Bundle) else self._file(found)
        except (ConvarchiveError, *FAILURES) as error:
            yield Trouble(found.name, str(error) or "It is damaged.")

    def _file(self, file: File) -> Iterator[Entry | Trouble]:
        with ExitStack() as stack:
            raw = file.open()
            if file.place is not None:
                stack.enter_context(raw)
            if file.listed is not None:
                raw = io.BytesIO(_checked(file, Stream(raw).whole(LARGEST)))
            self._stream = Stream(raw)
            stream = unpacked(self._stream)
            head = stream.ahead(forms.HEAD)
            try:
                form = forms.form(head, file.path)
            except Unreadable as error:
                yield Trouble(file.name, str(error), head[:_SHOWN])
                return
            if form != "json":
                yield self._transcript(file, form, stream.whole(_LONGEST_TRANSCRIPT))
            elif forms.is_lines(head):
                yield from self._lines(file, stream)
            else:
                yield from self._document(file, stream)

    def _lines(self, file: File, stream: Stream) -> Iterator[Entry | Trouble]:
        """One value a line; a line that is bad does not touch the next."""
        seal, number, too_long = Seal(), 1, False
        for line, goes_on in stream.lines(LARGEST):
            where = f"{file.name}:{number}"
            value: Any = None
            if goes_on and not too_long:
                yield Trouble(where, f"The line is longer than {LARGEST >> 20} MiB.", line[:_SHOWN])
            elif not too_long and (body := line.strip(b"\xef\xbb\xbf \t\r\n")):
                value, results = self._line(file, where, body)
                yield from results
            if complaint := seal.take(value, line):
                yield Trouble(file.name, complaint)
            number, too_long = number + (not goes_on), goes_on
        if complaint := seal.end():
            yield Trouble(file.name, complaint)

    def _line(self, file: File, where: str, body: bytes) -> tuple[Any, Iterator[Entry | Trouble]]:
        """The value of a line, and what it brings."""
        try:
            value = forms.decoded(body)
            if forms.is_frame(value):
                return value, iter(())
            if _stored_as(value, file) is not None:
                return value, iter([self._entry(file, where, body, value)])
            parts = [*pieces([body])]  # it may be a list of them, or a page
        except ConvarchiveError as error:
            return None, iter([Trouble(where, str(error), body)])
        if any(part.item for part in parts):
            return value, self._pieces(file, where, iter(parts))
        return value, iter([_unknown(where, body)])

    def _document(self, file: File, stream: Stream) -> Iterator[Entry | Trouble]:
        """One JSON text, or several after each other."""
        parts = pieces(stream.chunks())
        first = next(parts, None)
        if first is None:
            return
        promised = _promised(first) if first.heading else None
        came = 0
        for result in self._pieces(file, file.name, chain([first], parts)):
            came += 1
            yield result
        if promised is not None and promised != came:
            yield Trouble(
                file.name, f"It says that it has {promised} conversations, and has {came}."
            )

    def _pieces(self, file: File, where: str, parts: Iterator[Piece]) -> Iterator[Entry | Trouble]:
        reformatted = False
        values = (part for part in parts if not part.heading)
        for at, part in enumerate(values):
            place = f"{where}[{at}]" if part.item or at else where
            try:
                value = forms.decoded(part.body)
            except ConvarchiveError as error:
                yield Trouble(place, str(error), part.body)
                continue
            if forms.is_frame(value):
                reformatted = True
            else:
                yield self._entry(file, place, part.body, value)
        if reformatted:
            message = "Its lines were broken since it was exported: nothing shows that it is whole."
            yield Trouble(file.name, message)

    def _entry(self, file: File, where: str, body: bytes, value: Any) -> Entry | Trouble:
        """What one JSON value brings."""
        name = _stored_as(value, file)
        try:
            if name is None:
                return _unknown(where, body)
            if name == own.NAME:
                conversation = own.made(value)
                fingerprint, sound = own.fingerprint(value), None
            elif name == vcons.NAME:
                found = vcons.read(self._source(file), body)
                conversation, fingerprint = found.conversation, hashlib.sha256(body).hexdigest()
                sound = found.recording and (found.recording, found.media_type)
            else:
                return self._documents(file, where, {name: body})
        except ConvarchiveError as error:
            return Trouble(where, str(error), body)
        return Entry(where, file, conversation, fingerprint, ((name, body),), sound or None)

    def _bundle(self, bundle: Bundle) -> Iterator[Entry | Trouble]:
        """The documents of one conversation, as the export ``raw`` has them."""
        documents = {}
        for name, file in bundle.documents:
            with file.open() as raw:
                documents[name] = _checked(file, Stream(raw).whole(LARGEST))
        file = bundle.documents[0][1]
        for name in (own.NAME, vcons.NAME):
            if name in documents:
                yield self._entry(
                    file, bundle.name, documents[name], forms.decoded(documents[name])
                )
                return
        yield self._documents(file, bundle.name, documents)

    def _documents(self, file: File, where: str, documents: dict[str, bytes]) -> Entry:
        source = self._source(file)
        conversation = read(source, self._kind(source), documents)
        kept = tuple(documents.items())
        if "detail" in documents:
            return Entry(where, file, conversation, state(documents), kept)
        return Entry(where, file, conversation, spoken.fingerprint(documents), kept)

    def _transcript(self, file: File, form: str, body: bytes) -> Entry | Trouble:
        import msgspec

        try:
            named = msgspec.json.encode(self._named(file))
            return self._documents(file, file.name, {NAMED: named, form: body})
        except ConvarchiveError as error:
            return Trouble(file.name, str(error), body)

    def _named(self, file: File) -> dict[str, Any]:
        """What is known of a transcript beside what is said in it."""
        path = shown(file.path)
        if self._options.pattern is not None:
            told = self._options.pattern.told(path)
        elif file.listed is not None:
            told = {"id": file.listed.id}
        elif path:
            told = {"id": without_suffix(path)}
        else:
            raise Unreadable(
                "A transcript from the standard input has no name to take an id from.", "",
                "Give it as a file.",
            )  # fmt: skip
        if self._options.language is not None:
            told = {"language": self._options.language} | told
        return {**told, "file": path}

    def _source(self, file: File) -> str:
        return self._options.source or (file.listed.source if file.listed else IMPORTED)


def shown(name: str) -> str:
    """A name of a file as text, also where the system's bytes are none."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _stored_as(value: Any, file: File) -> str | None:
    """By which name a JSON value is stored; None if it is no conversation."""
    if not isinstance(value, dict):
        return None
    if value.get("record") == "conversation":
        return own.NAME
    if vcons.recognises(value):
        return vcons.NAME
    if recognises(value):
        return "detail"
    # There are vCons with next to nothing in them.
    return vcons.NAME if file.path.removesuffix(".gz").endswith(".vcon") else None


def _unknown(where: str, body: bytes) -> Trouble:
    return Trouble(where, f"It is no conversation. {forms.KNOWN}", body)


def _promised(heading: Piece) -> int | None:
    """How many conversations the document of an export says that it has.

    Raises:
        Unreadable: It is the manifest of an export of many files.
    """
    value = own.decoded(heading.body + b"null}") if heading.body.startswith(b'{"schema"') else {}
    if "format" in value:
        raise Unreadable("It is the manifest of an export.", "", "Import the directory it is in.")
    count = value.get("count")
    return count if isinstance(count, int) else None


def _checked(file: File, body: bytes) -> bytes:
    """The bytes, if they are what the manifest says.

    Raises:
        Unreadable: They are not.
    """
    if file.listed and hashlib.sha256(body).hexdigest() != file.listed.sha256:
        raise Unreadable("Its SHA-256 is not the one in the manifest of its export.")
    return body
