"""Text that is safe to show: what a caller or a vendor dictated cannot drive the screen.

A terminal obeys control characters: ``ESC ] 0 ; …`` renames its window, ``CR`` goes back over what
is already there, and some terminals answer questions as if the user had typed. A transcript is text
from a stranger, so none of these characters is ever printed as it is. They are not dropped either,
since a reader should see that something was there: each is replaced by one visible character, and
offsets into the text stay true.
"""

from __future__ import annotations

from functools import cache
from typing import Final

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

_BIDI: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Embeddings, overrides and isolates: they reorder the line that they stand in, and can leak out
of it. The plain marks (LRM, RLM, ALM), which honest right-to-left text needs, are not among them.
"""


def plain(text: str, *, show_bidi: bool = False) -> str:
    """The text with every control character but newline and tab made visible.

    The result has as many characters as the text: C0 controls become their pictures (``ESC`` is
    shown as ``␛``), DEL becomes ``␡``, C1 controls and lone surrogates become U+FFFD.

    Args:
        text: Anything.
        show_bidi: Also replace the characters that reorder a line (U+202A to U+202E, U+2066 to
            U+2069) with U+FFFD. For terminals; in files they are part of the text.
    """
    if text.isprintable():  # the usual case, ten times faster
        return text
    return text.translate(_pictures(show_bidi))


def one_line(text: str) -> str:
    """`plain` text in a single line: every kind of line break becomes a space.

    Runs of breaks, and blank lines between them, count as one; the ends are stripped.
    """
    if text.isprintable():
        return text.strip()
    lines = (line.strip() for line in text.splitlines())
    return plain(" ".join(line for line in lines if line))


@cache
def _pictures(bidi: bool) -> dict[int, str]:
    """What each character that isn't shown is shown as.

    C0 controls have pictures in Unicode (U+2400 and on), C1 controls have none. Surrogates, which
    JSON can smuggle in by an escape, are no characters and could not be encoded.
    """
    return {
        **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
        0x7F: "\N{SYMBOL FOR DELETE}",
        **dict.fromkeys(range(0x80, 0xA0), _REPLACEMENT),
        **dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT),
        **dict.fromkeys(_BIDI if bidi else (), _REPLACEMENT),
    }
