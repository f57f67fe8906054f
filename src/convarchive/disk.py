"""What survives a power cut: bytes that were flushed, under names that were flushed.

To flush a file does not flush its name. That stands in the directory, and has to be flushed there:
after a file or a directory was made, moved or removed.
"""

from __future__ import annotations

import os


def flush_names(directory: str | os.PathLike[str]) -> None:
    """Bring the names in a directory to the disk."""
    # Windows can't open a directory, and writes its names through.
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
