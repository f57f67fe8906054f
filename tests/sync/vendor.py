"""Two vendors to mirror: the sandbox's payloads with what they mean, and a shelf of conversations.

The sandbox speaks HTTP and behaves. The `Shelf` is a `Source` of its own, in memory, that can be
made to misbehave as vendors do: not sort, not filter, repeat itself, break off.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from convarchive.model import Conversation, Turn
from convarchive.sources.base import Capabilities, Download, Fetched, Listed, Page
from convarchive.sources.payload import fingerprint
from convarchive.sync.engine import Options, SourceSync
from convarchive.sync.report import SourceReport
from convarchive.transcripts.roles import role_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def moment(**after: float) -> str:
    """So long after noon of the first of March, as it is stored."""
    text = (NOON + timedelta(**after)).isoformat().replace("+00:00", "Z")
    return text.replace("000Z", "Z") if "." in text else text


def payload(identifier: str, started_at: str | None = None, **fields: Any) -> dict[str, Any]:
    """What the Ayra API says about a call; it was half a minute long, and two people spoke."""
    messages = [
        {"id": "msg_001", "speaker": "agent", "text": "How can I help?", "timestamp": 0.5,
         "duration": 1.5, "confidence": 0.98},
        {"id": "msg_002", "speaker": "customer", "text": f"I am {identifier}.", "timestamp": 2.5,
         "duration": 1.0, "confidence": 0.9},
    ]  # fmt: skip
    usual = {
        "id": identifier, "start_time": started_at or moment(), "status": "completed",
        "agent_id": "agent_billing", "duration": 30, "caller_number": "+15550104477",
        "language": "en", "summary": "They said who they are.", "topics": ["identity"],
        "transcript": {"language": "en", "word_count": 6, "messages": messages},
    }  # fmt: skip
    return usual | fields


_SAME = (
    "id", "status", "agent_id", "caller_number", "language", "summary", "sentiment", "intent",
    "outcome", "failure_reason", "abandonment_reason", "satisfaction", "integrations", "quality",
    "network", "errors", "duration",
)  # fmt: skip


def meaning(told: dict[str, Any]) -> Conversation:
    """What a payload of the sandbox means, by the vendor's documentation and nothing else."""
    transcript = told.get("transcript")
    return Conversation(
        source="ayra",
        **{name: told.get(name) for name in _SAME},
        started_at=told["start_time"],
        ended_at=told.get("end_time"),
        platform=told.get("voice_platform"),
        topics=tuple(told.get("topics") or ()),
        keywords=tuple(told.get("keywords") or ()),
        actions=tuple(told.get("actions") or ()),
        follow_up_tasks=tuple(told.get("follow_up_tasks") or ()),
        has_transcript=transcript is not None,
        turns=tuple(
            Turn(
                at, said["speaker"], role_of(said["speaker"]), said["text"], said["timestamp"],
                round(said["timestamp"] + said["duration"], 3), said["confidence"],
            )
            for at, said in enumerate((transcript or {}).get("messages", ()))
        ),
    )  # fmt: skip


class Shelf:
    """A source whose conversations stand in memory, `size` to a page.

    `sorts` and `filters` say whether it does so; `total` whether it says how many there are.
    """

    name = "ayra"

    def __init__(
        self, size: int = 3, *, sorts: bool = True, filters: bool = True, total: bool = False
    ) -> None:
        self.capabilities = Capabilities(filters_status=True)
        self.size = size
        self.sorts = sorts
        self.filters = filters
        self.total = total
        self.calls: dict[str, Conversation] = {}
        self.broken: dict[str, Exception] = {}
        """What is raised when this id is asked for."""
        self.sounds: dict[str, bytes] = {}
        """What stands behind a link; others have expired."""
        self.lists: list[tuple[str | None, str | None, int]] = []
        """What was asked of the list: since, until, page."""
        self.fetched: list[str] = []
        self.before_list: Callable[[int], None] = lambda _: None
        """Called with the number of the request before each answer of the list."""

    def put(self, identifier: str, started_at: str | None, **fields: Any) -> None:
        """Add a conversation or change it."""
        usual = Conversation("ayra", identifier, "completed", started_at, has_transcript=True)
        self.calls[identifier] = usual._replace(**fields)

    def list(
        self, *, since: str | None, until: str | None, page: int, status: str | None = None
    ) -> Page:
        """A page of them."""
        self.before_list(len(self.lists))
        self.lists.append((since, until, page))
        chosen = [
            call
            for call in self.calls.values()
            if not self.filters
            or (
                (since is None or _time(call) >= since.rstrip("Z"))
                and (until is None or _time(call) <= until.rstrip("Z"))
                and (status is None or call.status == status)
            )
        ]
        if self.sorts:
            chosen.sort(key=_time)
        first = (page - 1) * self.size
        items = tuple(_listed(call) for call in chosen[first : first + self.size])
        return Page(items, (), len(items) == self.size, len(chosen) if self.total else None)

    def fetch(self, conversation_id: str) -> Fetched | None:
        """One of them."""
        self.fetched.append(conversation_id)
        if conversation_id in self.broken:
            raise self.broken[conversation_id]
        call = self.calls.get(conversation_id)
        if call is None:
            return None
        body = json.dumps({"id": call.id, "status": call.status}).encode()
        return Fetched(call, _state(call), (("detail", body),))

    def open_recording(self, url: str) -> AbstractContextManager[Download | None]:
        """The sound behind a link."""
        sound = self.sounds.get(url)
        return contextlib.nullcontext(
            None if sound is None else Download("audio/wav", iter([sound]))
        )

    def close(self) -> None:
        """Nothing to let go of."""


class Listener:
    """Mirrors a source into an archive's database; each call is one sync."""

    def __init__(self, connection: sqlite3.Connection, directory: Path) -> None:
        self.connection = connection
        self._directory = directory
        self.report = SourceReport("ayra")

    def __call__(self, source: Shelf, **options: Any) -> SourceReport:
        """One sync; where it is given up, `report` tells how far it came."""
        self.report = SourceReport("ayra")
        SourceSync(
            self.connection, self._directory, source, self.report, Options(**options),
            lambda _report, _total: None, lambda: None,
        ).run()  # fmt: skip
        return self.report

    def stored(self) -> list[str]:
        """The ids of everything that is in the archive, oldest first."""
        query = "SELECT id FROM conversations ORDER BY rtrim(started_at, 'Z'), id"
        return [row[0] for row in self.connection.execute(query)]

    def cursor(self) -> str | None:
        """How far everything has been listed."""
        (listed_to,) = self.connection.execute("SELECT listed_to FROM sources").fetchone()
        return listed_to  # type: ignore[no-any-return]


def dump(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Every row of every table, but for when the source was last synced, and with how many
    requests."""
    tables = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
    ]
    rows = []
    for table in sorted(set(tables) - {"budgets"}):
        columns = "name, listed_to" if table == "sources" else "*"
        rows += [(table, *row) for row in connection.execute(f"SELECT {columns} FROM {table}")]
    return rows


def _time(call: Conversation) -> str:
    return (call.started_at or "").rstrip("Z")


def _listed(call: Conversation) -> Listed:
    return Listed(call.id, call.started_at, call.status, _state(call._replace(turns=())))


def _state(call: Conversation) -> str:
    return fingerprint(json.loads(json.dumps(call)))


def rising(count: int) -> Iterator[tuple[str, str]]:
    """So many ids, each with a start a minute after the one before."""
    return ((f"conv_{at:03}", moment(minutes=at)) for at in range(count))
