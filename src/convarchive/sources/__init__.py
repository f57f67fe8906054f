"""The vendors: one module each, one face (`base.Source`), one client that they share (`http`).

Adding a vendor means a module here and a line in `KINDS`. The contract suite in the tests runs
against each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from convarchive.errors import SettingsError
from convarchive.sources.base import Normaliser, Source
from convarchive.sources.http import Client

__all__ = [
    "KINDS",
    "Kind",
    "Normaliser",
    "Source",
    "kind",
    "normaliser",
    "open_source",
    "recognises",
    "state",
]


class Kind(NamedTuple):
    """What is known of a vendor without talking to it."""

    base_url: str
    key_variable: str
    """The environment variable that usually holds the key."""


KINDS = {"ayra": Kind("https://api.ayra.ai", "AYRA_API_KEY")}


def kind(name: str) -> Kind:
    """What is known of a kind of source.

    Raises:
        SettingsError: There is no such kind.
    """
    if name not in KINDS:
        raise SettingsError(f"There is no source of kind {name!r}.", f"There is: {_kinds()}.")
    return KINDS[name]


def open_source(kind_name: str, name: str, client: Client) -> Source:
    """The source of this kind, speaking through this client.

    Raises:
        SettingsError: There is no such kind.
    """
    kind(kind_name)
    from convarchive.sources.ayra import Ayra

    return Ayra(name, client)


def normaliser(kind_name: str) -> Normaliser:
    """How the documents of this kind of source are to be read.

    Raises:
        SettingsError: There is no such kind.
    """
    kind(kind_name)
    from convarchive.sources.ayra import normalise

    return normalise


def recognises(value: Any) -> bool:
    """Whether a JSON value is a payload of a vendor."""
    from convarchive.sources.ayra import recognises

    return recognises(value)


def state(documents: Mapping[str, bytes]) -> str:
    """The fingerprint of a payload's documents, by name; the same as when they are fetched.

    Raises:
        UnexpectedAnswer: They are no JSON.
    """
    from convarchive.sources.ayra import state

    return state(documents)


def _kinds() -> str:
    return ", ".join(sorted(KINDS))
