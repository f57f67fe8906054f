"""Who does something: the user and the machine, as the system names them.

That is no proof. Who can write to the archive's files can claim to be anybody.
"""

from __future__ import annotations

import os
import platform


def user() -> str:
    """The name of the user, or the number where there is no name, as in some containers."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # of several versions and systems
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "an unnamed user"


def host() -> str:
    """The name of the machine."""
    return platform.node() or "an unnamed machine"


def me() -> str:
    """``user@host``."""
    return f"{user()}@{host()}"
