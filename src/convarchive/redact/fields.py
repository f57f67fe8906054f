"""Texts and JSON values of a conversation, with what is to be hidden replaced.

Every string is looked through, keys too, and every number: a card's is hidden as a JSON number as
well. The name of a field says what its value is, as words in a call do: ``{"cvv": 123}``. A list
whose items have texts is read as a transcript, from item to item, whether these are turns or single
words with their times; so is a text of several lines, ``Agent: …``, ``User: …``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from convarchive.redact.redactor import Known, Mark, Redactor, counted, hidden, marks
from convarchive.redact.script import Line, Script

_TEXTS: Final = (
    "text",
    "content",
    "message",
    "transcript",
    "utterance",
    "sentence",
    "word",
    "body",
)
_SPEAKERS: Final = ("role", "speaker", "participant", "speaker_id", "author", "from", "channel")
_LABELLED: Final = re.compile(r"(\[[^\]\n]{1,20}\] ?)?([^\W\d][\w .-]{0,30}): ")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SOUND: Final = re.compile(r"record|audio|sound|media|stereo|mono", re.IGNORECASE)
_LINK: Final = re.compile(r"\w+://")

RECORDING: Final = "recording"
"""The marker of a link to the sound."""

_FIELD: Final = "\0field"
"""A side that no speaker is."""


class Fields:
    """Redacts the values of one conversation, and counts what it hides.

    Args:
        redactor: What to hide.
        known: What is known of the conversation; it becomes more.
        language: The conversation's.
        caller: The caller's number.
        renamed: Texts that are replaced wherever they stand: an id by its pseudonym.
        links: Whether links to the recording may stay.
    """

    def __init__(
        self,
        redactor: Redactor,
        known: Known,
        *,
        language: str | None = None,
        caller: str | None = None,
        renamed: tuple[str, str] | None = None,
        links: bool = False,
    ) -> None:
        self._redactor = redactor
        self._known = known
        self._language, self._caller = language, caller
        self._renamed = renamed
        self._links = links
        self.found: Counter[str] = Counter()

    def text(self, text: str, name: str = "") -> str:
        """A text, which is the value of a field of this name."""
        if self._renamed:
            text = text.replace(*self._renamed)
        if not self._links and _SOUND.search(name) and _LINK.match(text):
            self.found[RECORDING] += 1
            return f"[{RECORDING}]"
        places, lines = _lines(text)
        marked = self._marks([Line(_FIELD, _CAMEL.sub(" ", name)), *lines])
        shifted = [
            Mark(start + at, end + at, kind)
            for number, at in enumerate(places, start=1)
            for start, end, kind in marked.get(number, ())
        ]
        return self._hidden(text, shifted)

    def value(self, value: Any, name: str = "") -> Any:
        """Any JSON value."""
        if isinstance(value, str):
            return self.text(value, name)
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list | tuple):
            return type(value)(self._list(value, name))
        if isinstance(value, int | float) and not isinstance(value, bool):
            text = _written(value)
            redacted = self.text(text, name)
            return value if redacted == text else redacted
        return value

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, each in value.items():
            key = base = self.text(name)
            while key in found:
                key = f"{base} {len(found)}"
            found[key] = self.value(each, name)
        return found

    def _list(self, items: Sequence[Any], name: str) -> list[Any]:
        key = _text_key(items)
        if key is None:
            return [self.value(item, name) for item in items]
        texts = [item if key == "" else item.get(key) for item in items]
        lines = [Line(_speaker(item), text) if isinstance(text, str) else Line(_FIELD, "")
                 for item, text in zip(items, texts, strict=True)]  # fmt: skip
        marked = self._marks([Line(_FIELD, _CAMEL.sub(" ", name)), *lines])
        found = []
        for number, (item, text) in enumerate(zip(items, texts, strict=True), start=1):
            if not isinstance(text, str):
                found.append(self.value(item, name))
                continue
            redacted = self._hidden(text, marked.get(number, ()))
            if key == "":
                found.append(redacted)
            else:
                found.append({**self._object({**item, key: None}), key: redacted})
        return found

    def _marks(self, lines: Iterable[Line]) -> Any:
        script = Script(lines, self._language, self._caller)
        return marks(self._redactor.find(script, self._known))

    def _hidden(self, text: str, marked: Sequence[Mark]) -> str:
        self.found.update(counted(marked))
        return hidden(text, marked) if marked else text


def _lines(text: str) -> tuple[list[int], list[Line]]:
    """Where each line of a text begins, without who speaks, and the lines."""
    places, lines, at = [], [], 0
    several = text.count("\n") > 0
    for line in text.splitlines(keepends=True) if several else [text]:
        label = _LABELLED.match(line) if several else None
        start = label.end() if label else 0
        places.append(at + start)
        lines.append(Line(label[2].casefold() if label else "", line[start:]))
        at += len(line)
    return places, lines


def _text_key(items: Sequence[Any]) -> str | None:
    """Under which key the items of a list have their texts; empty where they are texts."""
    if len(items) > 1 and all(isinstance(item, str) for item in items):
        return ""
    objects = [item for item in items if isinstance(item, dict)]
    if not objects or len(objects) < len(items):
        return None
    for key in _TEXTS:
        if sum(isinstance(item.get(key), str) for item in objects) * 2 >= len(items):
            return key
    return None


def _speaker(item: Any) -> str:
    found = (item.get(name) for name in _SPEAKERS) if isinstance(item, dict) else ()
    return next((str(each) for each in found if isinstance(each, str | int)), "")


def _written(value: float) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value)
