r"""Concordance load files, the tables that review platforms take: fields, rows and what is escaped.

The format has no standard, only a habit that every platform knows (Relativity, Concordance,
Everlaw, Nuix): a row a document, each field between two ``þ`` (U+00FE), U+0014 between fields, CRLF
after a row, names of the fields in the first one, UTF-8 with a byte order mark::

    þBEGDOCþ␔þENDDOCþ␔þSUMMARYþ
    þCONV0000001þ␔þCONV0000001þ␔þCharged twice.®Refunded.þ

A line break in a field is ``®`` (U+00AE). There is no way to escape the three characters, so in the
text of a field they cannot stand for themselves, or a caller could forge a field. They become what
a reader will understand, and it is counted how many did: ``þ`` is written ``th``, ``®`` is ``(R)``,
U+0014 and the other control characters are their pictures (``␔``). The files of the transcripts
and of the vendor's bytes keep the text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from convarchive.export.selection import Sink
from convarchive.transcripts.plain import plain

QUALIFIER: Final = "þ"
SEPARATOR: Final = "\x14"
LINE_BREAK: Final = "®"

_BREAKS: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TAKEN: Final = {QUALIFIER: "th", LINE_BREAK: "(R)"}
_REPLACED: Final = re.compile("[þ®\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


class LoadFile:
    """Writes rows; `replaced` counts the characters that could not stay as they are."""

    def __init__(self, out: Sink, fields: Iterable[str]) -> None:
        self._out = out
        self._fields = tuple(fields)
        self.replaced = 0
        self.rows = 0
        self._out.write(b"\xef\xbb\xbf")
        self._write(self._fields)

    def row(self, values: Mapping[str, str]) -> None:
        """A document; fields that it does not have are empty.

        Raises:
            KeyError: It has a field that the file does not.
        """
        cells = dict.fromkeys(self._fields, "")
        for name, value in values.items():
            if name not in cells:
                raise KeyError(name)
            cells[name] = self._escaped(value)
        self._write(cells.values())
        self.rows += 1

    def _write(self, cells: Iterable[str]) -> None:
        line = SEPARATOR.join(f"{QUALIFIER}{cell}{QUALIFIER}" for cell in cells)
        self._out.write(f"{line}\r\n".encode())

    def _escaped(self, text: str) -> str:
        self.replaced += len(_REPLACED.findall(text))
        for taken, written in _TAKEN.items():
            text = text.replace(taken, written)
        return plain(_BREAKS.sub(LINE_BREAK, text))
