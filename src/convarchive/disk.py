"""What survives a power cut: bytes that were flushed, under names that were flushed.

To flush a file does not flush its name. That stands in the directory, and has to be flushed there:
after a file or a directory was made, moved or removed.
"""

from __future__ import annotations

import contextlib
import os

# ruff: noqa: PTH100, PTH105, PTH108, PTH118, PTH123, PTH208 - a search does without pathlib, as in `store.database`

PART = ".part-"
"""How the names of files begin that are half written; what is left of them may be removed."""


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


def flush_tree(root: str | os.PathLike[str]) -> None:
    """Bring everything below a directory to the disk: at the end, which takes a quarter of the time
    of one by one."""
    for directory, _, files in os.walk(root):
        for name in files:
            with open(os.path.join(directory, name), "r+b") as file:
                os.fsync(file.fileno())
        flush_names(directory)


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole or not at all, in the place of what is there; its owner alone can read it.

    Raises:
        OSError: It can't be written; what was there is there still.
    """
    import tempfile

    directory, name = os.path.split(os.path.abspath(path))
    descriptor, part = tempfile.mkstemp(dir=directory, prefix=f"{PART}{name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
    flush_names(directory)


def sweep(directory: str | os.PathLike[str]) -> None:
    """Remove what a killed run has left half written; only for whoever holds the writer lock."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for name in os.listdir(directory):
            if name.startswith(PART):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(directory, name))
