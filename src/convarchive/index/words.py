"""Taking text apart into words, for transcripts, queries and highlights alike.

Tantivy only splits at spaces and stems; everything else happens here, so that what is indexed, what
is asked for and what is highlighted agree by construction.

Every character is folded by itself: case, accents and width go (``É`` becomes ``e``, ``５`` becomes
``5``), whatever is no letter, digit or mark becomes a space. Characters of scripts that are written
without spaces stand alone as words, so that any substring of Chinese, Japanese, Korean or Thai is a
phrase. An apostrophe or hyphen splits (``don't`` is the phrase *don t*), which needs no rules for
names, part numbers and e-mail addresses: they all are phrases.

Korean syllables and voiced kana can be written in parts, ``ᄒ`` ``ᅡ`` ``ᆫ`` for ``한`` and ``ｶ`` ``ﾞ``
for ``が``; they are put together first.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 200
"""Characters. A longer run without a space is cut into words of this length."""

_ALONE: Final = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3041, 0x30FF),
    (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)  # fmt: skip
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese, Korean: the first and last character of each block.
As a pattern they would take 8 ms to compile, in every search."""

_WITHOUT_ACCENT: Final = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe",
    "þ": "th",
}  # fmt: skip
"""Letters that Unicode does not take apart into a letter and a mark."""

_IN_PARTS: Final = re.compile(
    "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"
    "|[\u3041-\u30ff\uff66-\uff9d][\u3099\u309a\uff9e\uff9f]"
)

_WORD: Final = re.compile(rf"[^ ]{{1,{LONGEST}}}")
_OVERLONG: Final = re.compile(rf"([^ ]{{{LONGEST}}})(?=[^ ])")


def fold(text: str) -> str:
    """The words of a text with spaces between, ready to be indexed."""
    folded = (text if text.isascii() else _whole(text)).translate(_FOLDS)
    return _OVERLONG.sub(r"\1 ", folded) if len(folded) > LONGEST else folded


def words(text: str) -> list[str]:
    """The folded words of a text."""
    return fold(text).split()


def spans(text: str) -> list[tuple[int, int]]:
    """Where each of the `words` stands in the text: its start and its end, in characters."""
    if (whole := _whole(text)) != text:
        at = _places(text)
        return [(at[start], at[end]) for start, end in spans(whole)]
    folded = text.translate(_FOLDS)
    found = (match.span() for match in _WORD.finditer(folded))
    if text.isascii():
        return list(found)
    origin = [at for at, character in enumerate(text) for _ in _FOLDS[ord(character)]]
    return [(origin[start], _end(text, origin[end - 1])) for start, end in found]


def _end(text: str, last: int) -> int:
    """Past a word's last character, and past the marks that belong to it."""
    end = last + 1
    while end < len(text) and not _FOLDS[ord(text[end])]:
        end += 1
    return end


def _whole(text: str) -> str:
    """The text with what is written in parts put together."""
    return text if text.isascii() else _IN_PARTS.sub(_put_together, text)


def _put_together(parts: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", parts[0])


def _places(text: str) -> list[int]:
    """Where each character of the `_whole` text begins in this one, and where the last one ends."""
    places: list[int] = []
    at = 0
    for parts in _IN_PARTS.finditer(text):
        places.extend(range(at, parts.start()))
        places.extend(range(parts.start(), parts.start() + len(_put_together(parts))))
        at = parts.end()
    return [*places, *range(at, len(text) + 1)]


class _Folds(dict[int, str]):
    """What each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = "".join(_folded(character) for character in _parts(chr(code)))
        self[code] = folded
        return folded


def _parts(character: str) -> str:
    if unicodedata.category(character) == "Cs":
        return " "
    parts = unicodedata.normalize("NFKD", character).casefold()
    bare = "".join(part for part in parts if not "\u0300" <= part <= "\u036f")
    # Korean syllables and Japanese voiced sounds are put together again.
    return unicodedata.normalize("NFC", bare)


def _folded(character: str) -> str:
    if any(first <= ord(character) <= last for first, last in _ALONE):
        return f" {character} "
    if unicodedata.category(character)[0] not in "LNM":
        return " "
    return _WITHOUT_ACCENT.get(character, character)


_FOLDS: Final = _Folds()
