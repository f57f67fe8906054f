"""A sandbox with a handful of conversations whose every fact the tests know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from convarchive.sandbox import Sandbox

WAV = b"RIFF" + bytes(range(256)) * 8
"""What the one recording holds; that it is no real sound is nothing to the server."""


def written(conversation_id: str, start: str, **more: Any) -> dict[str, Any]:
    """A conversation as the files in ``data/conversations`` have it."""
    base: dict[str, Any] = {
        "id": conversation_id,
        "agent_id": "agent_billing",
        "start_time": start,
        "status": "completed",
        "caller_number": "+12025550104",
        "language": "en",
        "summary": "The caller asks about an invoice.",
        "sentiment": "neutral",
        "topics": ["billing"],
        "keywords": ["invoice"],
        "satisfaction": {"score": 4},
        "intent": "ask_invoice",
        "outcome": "resolved",
        "actions": [],
        "follow_up_tasks": [],
        "integrations": None,
        "voice_platform": "vapi",
        "quality": None,
        "network": None,
        "errors": [],
        "failure_reason": None,
        "abandonment_reason": None,
        "recording": None,
        "duration": None,
        "turns": [["agent", "Hello, how can I help?"], ["customer", "My invoice is wrong."]],
    }
    return {**base, **more}


def _conversations() -> list[dict[str, Any]]:
    long_talk = [["agent", "Thank you, that is perfect."], ["customer", "word " * 40]] * 5
    unfinished = {"summary": None, "turns": [["agent", "Hello."]]}
    return [
        written("conv_aaaaaaaaaaa1", "2026-01-01T10:00:00Z"),
        written(
            "conv_aaaaaaaaaaa2",
            "2026-01-02T10:00:00Z",
            agent_id="agent_booking",
            sentiment="positive",
            topics=["appointment", "billing"],
            outcome="appointment_booked",
            recording="two.wav",
            turns=long_talk,
        ),
        written(
            "conv_aaaaaaaaaaa3",
            "2026-01-03T10:00:00Z",
            status="abandoned",
            sentiment=None,
            outcome=None,
            summary=None,
            turns=None,
            duration=4,
            abandonment_reason="busy",
        ),
        written(
            "conv_aaaaaaaaaaa4",
            "2026-01-03T10:00:00Z",
            status="failed",
            sentiment="negative",
            caller_number=None,
            failure_reason="media_timeout",
            turns=[["agent", "Hello?", 1.5, 2.25], ["customer", "I was CHARGED twice", 2, 4]],
        ),
        written("conv_aaaaaaaaaaa5", "2026-01-04T23:59:59Z", status="in_progress", **unfinished),
    ]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with five conversations and one recording; not to be changed."""
    made = tmp_path_factory.mktemp("data")
    (made / "conversations").mkdir()
    (made / "conversations" / "five.json").write_text(
        json.dumps(_conversations()), encoding="utf-8"
    )
    (made / "recordings").mkdir()
    (made / "recordings" / "two.wav").write_bytes(WAV)
    return made


@pytest.fixture(scope="session")
def shared(data: Path) -> Iterator[Sandbox]:
    """One sandbox that serves `data` to all tests that only read."""
    with Sandbox(data=data) as running:
        yield running


@pytest.fixture(scope="session")
def client(shared: Sandbox) -> Iterator[httpx.Client]:
    """A client with a good key for `shared`."""
    with connected(shared) as made:
        yield made


@pytest.fixture
def sandbox(data: Path) -> Iterator[Sandbox]:
    """A sandbox of the test's own, to be changed and counted."""
    with Sandbox(data=data) as running:
        yield running


@pytest.fixture
def own_client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client with a good key for `sandbox`."""
    with connected(sandbox) as made:
        yield made


def connected(sandbox: Sandbox) -> httpx.Client:
    """A client with the sandbox's own key."""
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    return httpx.Client(base_url=sandbox.base_url, headers=headers)


def listed(client: httpx.Client, **parameters: Any) -> str:
    """The last characters of the ids in a list with these parameters, in order."""
    answer = client.get("/v1/conversations", params=parameters)
    assert answer.status_code == 200, answer.text
    return "".join(item["id"][-1] for item in answer.json()["data"])


@pytest.fixture(scope="session")
def ids(client: httpx.Client) -> Any:
    """`listed` in the shared sandbox."""
    return partial(listed, client)
