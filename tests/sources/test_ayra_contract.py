"""Ayra keeps the contract of a source, with the sandbox as its vendor."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from tests.sources.contract import SourceContract, Vendor, link, opened

from convarchive.sandbox import Sandbox


class AyraVendor:
    """The sandbox, serving nothing but what it is given."""

    kind = "ayra"
    wrong_key = "sk_live_not_of_this_sandbox"

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.url = sandbox.base_url
        self.key = sandbox.key

    def put(
        self,
        conversation_id: str,
        started_at: str,
        said: list[tuple[str, str]] | None,
        *,
        status: str = "completed",
        sound: bytes | None = None,
    ) -> None:
        """As the sandbox takes it: a recording by name, the rest as the detail has it."""
        payload: dict[str, Any] = {"id": conversation_id, "start_time": started_at}
        payload |= {"status": status, "transcript": None}
        if said is not None:
            messages = [{"speaker": speaker, "text": text} for speaker, text in said]
            payload["transcript"] = {"language": "en", "messages": messages}
        if sound is not None:
            payload["recording"] = hashlib.sha256(sound).hexdigest()[:12] + ".wav"
            self._sandbox.recordings.add(payload["recording"], sound)
        self._sandbox.upstream.put(payload)

    def remove(self, conversation_id: str) -> None:
        """Gone from the list, and 404."""
        self._sandbox.upstream.remove(conversation_id)


class TestAyra(SourceContract):
    """See `SourceContract`."""

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        """An empty account in the sandbox."""
        with Sandbox(count=0) as sandbox:
            yield AyraVendor(sandbox)

    @pytest.fixture
    def expired_link(self) -> Iterator[str]:
        """From a sandbox whose links are too old when they are given out."""
        with Sandbox(count=0, link_seconds=-1) as sandbox:
            vendor = AyraVendor(sandbox)
            vendor.put("conv_1", "2026-03-01T09:00:00Z", None, sound=b"RIFF")
            with opened(vendor) as source:
                yield link(source, "conv_1")
