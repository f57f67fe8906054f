"""File names from vendors' ids: safe on every system, and different for different conversations.

An id is text from a stranger. It can be ``../../etc/passwd``, ``CON``, 300 characters long, or
differ from another only in case, which some file systems do not see. So a name is made of ASCII
letters, digits and ``. _ -`` only, begins with a letter, a digit or ``_``, and is at most `LONGEST`
long. An id that is such a name already, as nearly all are, is kept as it is. Any other, and any
that would meet a name that is taken, gets a hash of source and id: ``_CON-8c1f2a90b7e4``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

LONGEST: Final = 120
"""Characters, of which a hash takes 13. Well below the 255 bytes of most file systems, so that
there is room for suffixes, and for directories within the 260 characters of Windows."""

_HASH: Final = 12
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]|^[.-]")
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
"""Reserved on Windows with any suffix; ``CONIN$`` and the like are unsafe for their ``$``."""


class Names:
    """Gives each conversation of one export its name; equal calls give equal names.

    Args:
        taken: Names that none shall have.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.lower() for name in taken}

    def name(self, source: str, id: str) -> str:  # noqa: A002 - it is the vendor's id
        """A name without suffix that no other conversation of this export has, in any case."""
        name = next(name for name in _candidates(source, id) if name.lower() not in self._taken)
        self._taken.add(name.lower())
        return name


def _candidates(source: str, id: str) -> Iterator[str]:  # noqa: A002
    plain = safe(id)
    if plain == id:
        yield plain
    for attempt in count():
        tag = hashlib.sha256(f"{source}\0{id}\0{attempt}".encode()).hexdigest()[:_HASH]
        yield f"{plain[: LONGEST - _HASH - 1]}-{tag}"


def safe(text: str) -> str:
    """The text as a file name; different texts may give the same one."""
    name = _UNSAFE.sub("_", text)[:LONGEST] or "_"
    return f"_{name}"[:LONGEST] if _DEVICES.match(name) else name
