"""A page in Markdown a conversation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from convarchive.export import Selection, export
from convarchive.model import Conversation
from convarchive.transcripts import markdown

Select = Callable[..., Selection]


def test_a_page_a_conversation(select: Select, call: Conversation, tmp_path: Path) -> None:
    """Named by the id, as `convarchive.transcripts.markdown` writes it."""
    export(select(call), "markdown", tmp_path / "out")
    written = (tmp_path / "out" / "conv_8f2kq1.md").read_text(encoding="utf-8")
    assert written == markdown.write(call)
