"""What a conversation's documents mean, whichever way they came: the one place that knows.

What came from files says by the name of its document what it is. Everything else is a vendor's, and
is read by the vendor's module in `sources`, by the kind of source.

===============  ==========================================================  ==================
document         is                                                          read by
===============  ==========================================================  ==================
``convarchive``  a line of our own ``jsonl``, an item of our own ``json``    `own`
``vcon``         a vCon, signed or not                                       `vcons`
``srt``          a transcript; so are ``vtt`` and ``text``                   `spoken`
``import``       what the name of the transcript's file has told             `spoken`
``detail``       a vendor's payload, with ``transcript`` beside it           `sources`
===============  ==========================================================  ==================

An import makes the tables from this, ``history`` and ``rebuild`` read it again: so all of it is in
the bytes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from convarchive.errors import Unreadable
from convarchive.model import Conversation

if TYPE_CHECKING:
    from convarchive.sources import Normaliser

NAMED: Final = "import"
"""The document that this program has made itself; all others are bytes that came."""

_USUAL: Final = {"detail"}

PAYLOADS: Final = "ayra"
"""Whose payloads are those from files, in a source that no vendor stands behind."""


def read(source: str, kind: str, documents: Mapping[str, bytes]) -> Conversation:
    """What these documents mean.

    Args:
        source: The name of the source.
        kind: Of the source.
        documents: By name.

    Raises:
        Unreadable: They are not what their names say.
        VendorError: A payload is not what it should be.
    """
    if documents.keys() == _USUAL:
        return _payload(kind)(source, documents)
    from convarchive.records import own, spoken, vcons

    if own.NAME in documents:
        return own.read(documents[own.NAME])
    if vcons.NAME in documents:
        return vcons.read(source, documents[vcons.NAME]).conversation
    for form in spoken.FORMS:
        if form in documents:
            return spoken.read(source, form, documents)
    if "detail" in documents:
        return _payload(kind)(source, documents)
    raise Unreadable(
        "There is no document of it that can be read.",
        f"There are: {', '.join(documents) or 'none'}.",
        "A later version may know them: pip install -U convarchive",
    )


@functools.cache
def _payload(kind: str) -> Normaliser:
    from convarchive.sources import KINDS, normaliser

    return normaliser(kind if kind in KINDS else PAYLOADS)
