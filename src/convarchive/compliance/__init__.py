"""What makes an archive one that can be trusted, and that can forget when it must.

Each module is a capability over an archive that is open (`convarchive.opened.Opened`); the methods
of `convarchive.keeping.Keeping` are the way in. `around` is what is done before and after whatever
writes.
"""

from __future__ import annotations

from typing import Final

HANDED_OVER: Final = ("export", "dsar")
"""Accesses by which conversations leave the archive. They are always written down; all others where
the settings say ``access_log = true``."""
