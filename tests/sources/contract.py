"""What every source must do, whoever the vendor is.

A source's test class inherits `SourceContract` and says in the fixture `vendor` how its vendor is
run and changed. Everything else is asked through `convarchive.sources.base.Source` alone.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Protocol

import pytest
from tests.sources.script import Reply, Script

from convarchive.errors import Interrupted, KeyRefused, UnexpectedAnswer, Unreachable, VendorError
from convarchive.model import ROLES, STATUSES
from convarchive.sources import KINDS, Source, normaliser, open_source
from convarchive.sources.base import Listed
from convarchive.sources.http import Client
from convarchive.sources.keyring import Key, Keyring
from convarchive.sources.pace import Waiter

START = "2026-03-01T09:{minute:02}:00Z"


class Vendor(Protocol):
    """A vendor's API on loopback, whose data a test may change while it runs."""

    kind: str
    url: str
    key: str
    """One that is good."""
    wrong_key: str

    def put(
        self,
        conversation_id: str,
        started_at: str,
        said: list[tuple[str, str]] | None,
        *,
        status: str = "completed",
        sound: bytes | None = None,
    ) -> None:
        """Add a conversation or change it; ``said`` is who (agent, customer) said what, or None
        where there is no transcript."""

    def remove(self, conversation_id: str) -> None:
        """Delete a conversation."""


class SourceContract:
    """The suite. A subclass has the fixtures ``vendor`` and ``expired_link``."""

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        """The vendor under test, without a conversation."""
        raise NotImplementedError

    @pytest.fixture
    def expired_link(self) -> Iterator[str]:
        """A link to a recording at this vendor whose time is over."""
        raise NotImplementedError

    @pytest.fixture
    def source(self, vendor: Vendor) -> Iterator[Source]:
        """The source under test, with a good key."""
        with opened(vendor) as source:
            yield source

    def test_its_kind_is_known(self, vendor: Vendor, source: Source) -> None:
        """It can be named in the settings, and goes by the name that it was given there."""
        assert vendor.kind in KINDS
        assert source.name == "account"

    def test_lists_oldest_first(self, vendor: Vendor, source: Source) -> None:
        """Each conversation once, with its start and status, in the order of start."""
        for minute in (3, 1, 2):
            vendor.put(f"conv_{minute}", START.format(minute=minute), [("agent", "Hello")])
        page = source.list(since=None, until=None, page=1)
        assert [(item.id, item.started_at, item.status) for item in page.items] == [
            (f"conv_{minute}", START.format(minute=minute), "completed") for minute in (1, 2, 3)
        ]
        assert not page.full
        assert not page.unreadable

    def test_nothing_to_list(self, source: Source) -> None:
        """An account without a conversation has one page with nothing on it."""
        page = source.list(since=None, until=None, page=1)
        assert page.items == ()
        assert not page.full

    def test_both_ends_are_inclusive(self, vendor: Vendor, source: Source) -> None:
        """A conversation that started at the very first or last moment asked for is listed."""
        for minute in range(5):
            vendor.put(f"conv_{minute}", START.format(minute=minute), [("agent", "Hello")])
        since, until = START.format(minute=1), START.format(minute=3)
        page = source.list(since=since, until=until, page=1)
        assert [item.id for item in page.items] == ["conv_1", "conv_2", "conv_3"]

    def test_pages(self, vendor: Vendor, source: Source) -> None:
        """More than a page holds is on more pages, each but the last full, nothing twice."""
        count = 230
        for number in range(count):
            vendor.put(f"conv_{number:03}", START.format(minute=number % 60), None, status="failed")
        pages = [source.list(since=None, until=None, page=1)]
        while pages[-1].full:
            pages.append(source.list(since=None, until=None, page=len(pages) + 1))
        ids = [item.id for page in pages for item in page.items]
        assert len(pages) > 1
        assert len(ids) == len(set(ids)) == count
        assert pages[0].total in (None, count)

    def test_in_progress_can_be_asked_for(self, vendor: Vendor, source: Source) -> None:
        """Where the vendor can filter by status, only calls in progress are listed."""
        vendor.put("conv_1", START.format(minute=1), [("agent", "Hello")])
        vendor.put("conv_2", START.format(minute=2), [("agent", "Hello")], status="in_progress")
        if source.capabilities.filters_status:
            page = source.list(since=None, until=None, page=1, status="in_progress")
            assert [(item.id, item.status) for item in page.items] == [("conv_2", "in_progress")]

    def test_a_fetched_conversation_is_whole(self, vendor: Vendor, source: Source) -> None:
        """What was said, by whom, in order, under the source's name."""
        said = [("agent", "Hello"), ("customer", "Grüße, 你好 🙂"), ("agent", "Bye")]
        vendor.put("conv_1", START.format(minute=1), said)
        fetched = source.fetch("conv_1")
        assert fetched is not None
        conversation = fetched.conversation
        assert (conversation.source, conversation.id) == ("account", "conv_1")
        assert conversation.status in STATUSES
        assert conversation.started_at == START.format(minute=1)
        assert conversation.has_transcript
        assert [(turn.role, turn.text) for turn in conversation.turns] == said
        assert [turn.position for turn in conversation.turns] == [0, 1, 2]
        assert {turn.role for turn in conversation.turns} <= set(ROLES)

    def test_the_bytes_alone_say_the_same(self, vendor: Vendor, source: Source) -> None:
        """The normaliser makes the same conversation of the documents, with no vendor at hand."""
        vendor.put("conv_1", START.format(minute=1), [("agent", "Hello")], sound=b"RIFF")
        fetched = source.fetch("conv_1")
        assert fetched is not None
        assert all(body for _, body in fetched.documents)
        read = normaliser(vendor.kind)("account", dict(fetched.documents))
        assert read == fetched.conversation

    def test_no_transcript_is_not_an_empty_one(self, vendor: Vendor, source: Source) -> None:
        """While the vendor has none, the conversation says so."""
        vendor.put("conv_1", START.format(minute=1), None)
        fetched = source.fetch("conv_1")
        assert fetched is not None
        assert not fetched.conversation.has_transcript
        assert fetched.conversation.turns == ()

    def test_fingerprints_stay(self, vendor: Vendor, source: Source) -> None:
        """Of what has not changed, listed and fetched again, links signed anew or not."""
        vendor.put("conv_1", START.format(minute=1), [("agent", "Hello")], sound=b"RIFF")
        first, again = source.fetch("conv_1"), source.fetch("conv_1")
        assert first is not None
        assert again is not None
        assert first.fingerprint == again.fingerprint
        assert one(source) == one(source)

    def test_fingerprints_change(self, vendor: Vendor, source: Source) -> None:
        """When a word of the transcript does, of the fetched conversation; of the listed one, when
        its status does."""
        vendor.put("conv_1", START.format(minute=1), [("agent", "Hello")], status="in_progress")
        first, listed = source.fetch("conv_1"), one(source)
        vendor.put("conv_1", START.format(minute=1), [("agent", "Hullo")])
        second = source.fetch("conv_1")
        assert first is not None
        assert second is not None
        assert first.fingerprint != second.fingerprint
        assert listed.fingerprint is None or listed.fingerprint != one(source).fingerprint

    def test_what_is_gone_is_none(self, vendor: Vendor, source: Source) -> None:
        """A deleted conversation, and one that never was, are fetched as None and not listed."""
        vendor.put("conv_1", START.format(minute=1), [("agent", "Hello")])
        vendor.remove("conv_1")
        assert source.fetch("conv_1") is None
        assert source.fetch("conv_never_was") is None
        assert source.list(since=None, until=None, page=1).items == ()

    @pytest.mark.parametrize("name", ["../conversations", "a/b", "a?b=c", "a b", "ä", "%2e", "\0"])
    def test_an_id_is_only_an_id(self, source: Source, name: str) -> None:
        """Whatever characters it has, no other address is asked for."""
        assert source.fetch(name) is None

    def test_a_recording(self, vendor: Vendor, source: Source) -> None:
        """Its bytes come as they are, with a media type."""
        sound = b"RIFF" + bytes(range(256)) * 400
        vendor.put("conv_1", START.format(minute=1), [("agent", "Hello")], sound=sound)
        with source.open_recording(link(source, "conv_1")) as download:
            assert download is not None
            assert b"".join(download.chunks) == sound
            assert download.media_type == "audio/wav"

    def test_an_expired_link(self, source: Source, expired_link: str) -> None:
        """Leads to nothing, and is no error: the conversation can be asked for a fresh one."""
        with source.open_recording(expired_link) as download:
            assert download is None

    def test_no_foreign_host_sees_the_key(self, vendor: Vendor, source: Source) -> None:
        """A link that leads elsewhere, on its own or by a redirect, is followed without it."""
        with Script() as script, Script() as further:
            script.on("/a.wav", Reply(status=302, headers={"Location": f"{further.url}/b.wav"}))
            further.on("/b.wav", Reply(b"sound"))
            with source.open_recording(f"{script.url}/a.wav") as download:
                assert download is not None
                assert b"".join(download.chunks) == b"sound"
            for asked in script.asked + further.asked:
                assert vendor.key not in str(asked)
                assert "authorization" not in {name.lower() for name in asked.headers}

    def test_a_wrong_key(self, vendor: Vendor) -> None:
        """Is refused for the list and for a conversation, and the error does not tell it."""
        vendor.put("conv_1", START.format(minute=1), [("agent", "Hello")])
        with opened(vendor, key=vendor.wrong_key) as source:
            with pytest.raises(KeyRefused) as listing:
                source.list(since=None, until=None, page=1)
            with pytest.raises(KeyRefused) as fetching:
                source.fetch("conv_1")
        assert vendor.wrong_key not in str(listing.value) + str(fetching.value)

    def test_nothing_behind_the_url(self, vendor: Vendor) -> None:
        """Where nothing listens, the error says so and names the address."""
        with Script() as script:
            url = script.url
        with opened(vendor, url=url) as source, pytest.raises(Unreachable, match=url) as caught:
            source.list(since=None, until=None, page=1)
        assert vendor.key not in str(caught.value)

    @pytest.mark.parametrize("status", [200, 404])
    def test_a_web_page_behind_the_url(self, vendor: Vendor, status: int) -> None:
        """Is not the API, and is not asked twice."""
        html = b"<!doctype html><title>Welcome to nginx!</title>"
        with Script() as script, opened(vendor, url=script.url) as source:
            script.otherwise = Reply(html, status, {"Content-Type": "text/html"})
            with pytest.raises(UnexpectedAnswer) as caught:
                source.list(since=None, until=None, page=1)
            assert len(script.asked) == 1
        assert vendor.key not in str(caught.value)
        assert caught.value.body == html

    def test_a_server_that_repeats_the_key(self, vendor: Vendor) -> None:
        """Neither the error's words nor the bytes that are kept with it have the key in them."""
        for status in (200, 400, 404):
            with Script() as script, opened(vendor, url=script.url) as source:
                script.otherwise = Reply(f"Bearer {vendor.key}".encode(), status)
                with pytest.raises(VendorError) as caught:
                    source.list(since=None, until=None, page=1)
            assert vendor.key not in str(caught.value)
            assert vendor.key.encode() not in (caught.value.body or b"")

    def test_the_user_stops(self, vendor: Vendor) -> None:
        """From then on nothing is asked for."""
        stop = threading.Event()
        with opened(vendor, stop=stop) as source:
            source.list(since=None, until=None, page=1)
            stop.set()
            with pytest.raises(Interrupted):
                source.list(since=None, until=None, page=1)
            with pytest.raises(Interrupted):
                source.fetch("conv_1")
            with pytest.raises(Interrupted), source.open_recording(f"{vendor.url}/x.wav"):
                pass

    def test_many_threads_at_once(self, vendor: Vendor, source: Source) -> None:
        """Each gets the conversation that it has asked for."""
        for number in range(40):
            vendor.put(f"conv_{number:02}", START.format(minute=number), [("agent", f"{number}")])
        heard: dict[str, str] = {}

        def ask(numbers: range) -> None:
            for number in numbers:
                fetched = source.fetch(f"conv_{number:02}")
                assert fetched is not None
                heard[fetched.conversation.id] = fetched.conversation.turns[0].text

        threads = [threading.Thread(target=ask, args=(range(n, 40, 4),)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert heard == {f"conv_{number:02}": f"{number}" for number in range(40)}


@contextlib.contextmanager
def opened(
    vendor: Vendor,
    *,
    url: str | None = None,
    key: str | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Source]:
    """The source of this vendor's account, closed at the end."""
    waiter = Waiter(stop or threading.Event())
    client = Client(url or vendor.url, Keyring([Key("VAR", key or vendor.key)], waiter), waiter)
    source = open_source(vendor.kind, "account", client)
    try:
        yield source
    finally:
        source.close()


def one(source: Source) -> Listed:
    """The only line of its list."""
    (item,) = source.list(since=None, until=None, page=1).items
    return item


def link(source: Source, conversation_id: str) -> str:
    """A fresh link to the recording of a conversation."""
    fetched = source.fetch(conversation_id)
    assert fetched is not None
    assert fetched.conversation.recording is not None
    assert fetched.conversation.recording.url is not None
    return fetched.conversation.recording.url
