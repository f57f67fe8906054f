"""HTML in which nothing that someone has said can become markup.

A page is made of elements, and an element of texts and other elements. `tag` escapes every text, in
content and in attributes; only what `tag` has made, and `Markup` of our own files, is taken as it
is. So escaping cannot be forgotten: there is no other way in. A template engine would do the same
by default, and bring a language of its own for what are two small pages.
"""

from __future__ import annotations

from html import escape
from typing import Final

from convarchive.transcripts.plain import plain

_VOID: Final = frozenset({"meta"})


class Markup(str):
    """HTML that is taken as it is; never made from what came from outside."""

    __slots__ = ()


def tag(name: str, /, *content: str, **attributes: str | None) -> Markup:
    """An element: ``tag("p", text, class_="who")``.

    Args:
        name: Of the element.
        content: Texts, which are escaped, and elements.
        attributes: Those that are None are left out. ``class_`` is ``class``, ``data_at`` is
            ``data-at``.
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{pairs}>")
    inside = "".join(part if isinstance(part, Markup) else text(part) for part in content)
    return Markup(f"<{name}{pairs}>{inside}</{name}>")


def text(words: str) -> Markup:
    """The text as HTML shows it: no markup, no control characters, all line breaks alike, and
    nothing that lets a reader see the characters in another order."""
    if not words.isprintable():
        words = "\n".join(plain(line, show_bidi=True) for line in words.splitlines())
    return Markup(escape(words))


def joined(*parts: Markup, gap: str = "") -> Markup:
    """Elements behind each other, with a text between."""
    return Markup(text(gap).join(parts))
