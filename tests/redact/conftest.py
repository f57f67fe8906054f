"""Scripts and selections to redact, made by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from convarchive.export import Selection
from convarchive.model import Conversation, Turn
from convarchive.redact import FINDERS, Redaction, Redactor, kinds
from convarchive.redact.redactor import Known, hidden, marks
from convarchive.redact.script import Line, Script

Shown = Callable[..., list[str]]
Select = Callable[..., Selection]
Redact = Callable[..., Redaction]


@pytest.fixture
def shown() -> Shown:
    """``shown("customer: …", "agent: …")``: the texts as they are handed over."""

    def redacted(*lines: str, language: str | None = "en", asked: Sequence[str] = ()) -> list[str]:
        pairs = [line.split(": ", 1) for line in lines]
        script = Script([Line(side, text) for side, text in pairs], language)
        redactor = Redactor(kinds(list(asked) or list(FINDERS)))
        found = marks(redactor.find(script, Known()))
        return [hidden(text, found.get(at, ())) for at, (_, text) in enumerate(pairs)]

    return redacted


@pytest.fixture
def call() -> Callable[..., Conversation]:
    """``call("customer: …", "agent: …", summary=…)``: a conversation, a second for each turn."""

    def made(*lines: str, **fields: Any) -> Conversation:
        pairs = [line.split(": ", 1) for line in lines]
        turns = tuple(
            Turn(at, side, side, text, float(at), at + 1.0) for at, (side, text) in enumerate(pairs)
        )
        usual = {"source": "ayra", "id": "conv_1", "language": "en", "turns": turns}
        return Conversation(**{**usual, **fields})

    return made


@pytest.fixture
def select() -> Select:
    """A selection of these conversations; their keys count from 1."""

    def made(
        *conversations: Conversation,
        query: str = "",
        documents: dict[int, Sequence[tuple[str, bytes]]] | None = None,
        recordings: dict[str, Path] | None = None,
    ) -> Selection:
        return Selection(
            query=query,
            archive="my-archive",
            count=len(conversations),
            conversations=lambda: iter(enumerate(conversations, start=1)),
            documents=lambda key: (documents or {}).get(key, ()),
            recording=(recordings or {}).get,
        )

    return made


@pytest.fixture
def redact() -> Redact:
    """A redaction of a selection, of all kinds that need no file if none is named."""

    def made(selection: Selection, *asked: str, sound: str = "without") -> Redaction:
        return Redaction(selection, kinds(asked or list(FINDERS)), sound)

    return made
