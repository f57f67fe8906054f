"""What a source is: the one face that every vendor's module shows to the sync.

A `Source` lists what the vendor has, fetches one conversation whole, and opens a recording. It
keeps the vendor's bytes and says what they mean, and decides nothing: what to fetch, when, and
whether it has changed is the business of the sync. Where vendors differ in what they can do, they
say so as data, in `Capabilities`, so that the sync never asks who it is talking to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeAlias

from convarchive.model import Conversation


class Capabilities(NamedTuple):
    """What a vendor's API can do."""

    filters_status: bool = True
    """The list can be narrowed to the calls that are still in progress."""


class Listed(NamedTuple):
    """One line of the vendor's list: what it takes to decide whether to fetch it."""

    id: str
    started_at: str | None
    """ISO 8601 in UTC; None where the list does not say."""
    status: str
    """One of `convarchive.model.STATUSES`."""
    fingerprint: str | None
    """Of the list item without its volatile fields; None where the item tells too little to know
    whether the conversation has changed."""


class Page(NamedTuple):
    """One answer of the vendor's list."""

    items: tuple[Listed, ...]
    unreadable: tuple[bytes, ...]
    """Items that have no id, as JSON."""
    full: bool
    """More may follow."""
    total: int | None = None
    """How many there are in all, if the vendor says."""


class Fetched(NamedTuple):
    """One conversation whole: what came, and what it means."""

    conversation: Conversation
    fingerprint: str
    """Of the documents without their volatile fields."""
    documents: tuple[tuple[str, bytes], ...]
    """The bytes that came, by name: ``detail``, ``transcript``."""


class Download(NamedTuple):
    """A recording on its way."""

    media_type: str | None
    chunks: Iterator[bytes]


class Source(Protocol):
    """A vendor's account. Its methods may be called from several threads at once.

    All of them raise `KeyRefused`, `Unreachable`, `UnexpectedAnswer`, and `Interrupted` when the
    user wants to stop.
    """

    name: str
    capabilities: Capabilities

    def list(
        self, *, since: str | None, until: str | None, page: int, status: str | None = None
    ) -> Page:
        """A page of the list, oldest first, of what started from ``since`` to ``until`` (both
        inclusive)."""

    def fetch(self, conversation_id: str) -> Fetched | None:
        """A conversation with its transcript; None if the vendor does not have it."""

    def open_recording(self, url: str) -> AbstractContextManager[Download | None]:
        """The sound behind a signed link; None if the link has expired or leads nowhere."""

    def close(self) -> None:
        """Let go of the connections."""


Normaliser: TypeAlias = Callable[[str, Mapping[str, bytes]], Conversation]
"""From a source's name and the documents by name to what they mean. Needs no network and no key, so
that an archive can be rebuilt from its bytes alone."""
