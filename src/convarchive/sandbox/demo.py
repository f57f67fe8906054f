"""Where the demo conversations are: inside the installed package, or in the checkout beside it."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from convarchive.errors import UsageError
from convarchive.sandbox.payloads import payload


def folder(data: Path | None = None) -> Traversable:
    """The directory that holds ``conversations/*.json`` and ``recordings/``.

    Args:
        data: That directory, where it is another than the one that came with the package.

    Raises:
        UsageError: There is none.
    """
    packaged = files("convarchive").joinpath("data")
    checkout = Path(__file__).parents[3] / "data"
    for candidate in (data,) if data else (packaged, checkout):
        if candidate.joinpath("conversations").is_dir():
            return candidate
    raise UsageError(
        f"There are no conversations to serve in {data or packaged}.",
        "A data directory has a directory named conversations with JSON files in it.",
        "Use --count to have some made up.",
    )


def recordings(data: Traversable) -> Traversable | None:
    """The directory with the sound files, if there is one."""
    found = data.joinpath("recordings")
    return found if found.is_dir() else None


def conversations(data: Traversable) -> list[dict[str, Any]]:
    """The payload of every conversation in the directory.

    Raises:
        UsageError: A file is no JSON array of conversations; the message names it.
    """
    found = data.joinpath("conversations").iterdir()
    named = sorted((file for file in found if file.name.endswith(".json")), key=lambda f: f.name)
    return [made for file in named for made in _conversations(file)]


def _conversations(file: Traversable) -> list[dict[str, Any]]:
    try:
        written = msgspec.json.decode(file.read_bytes(), type=list[dict[str, Any]])
        return [payload(one) for one in written]
    except (msgspec.DecodeError, KeyError, ValueError, IndexError) as error:
        raise UsageError(
            f"{file.name} cannot be served.",
            f"It is no JSON array of conversations ({error!r}).",
            "Look at the files that came with the package for the format.",
        ) from error
