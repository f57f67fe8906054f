"""Whatever happens at the vendor and to the syncs, in any order: one whole sync puts it right.

Hypothesis makes up histories. At the vendor calls come, come late, begin in the same instant,
change and are deleted; syncs are crashed at a commit, interrupted at a request, cut off at a number
of conversations, or run against a vendor that fails. After one sync that nothing disturbs the
archive is what the vendor has; what was deleted there is marked; and every state that any of the
syncs has stored can still be read.
"""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from tests.conftest import KEY_VARIABLE, make_archive
from tests.sync.equality import assert_equal
from tests.sync.vendor import moment, payload

from convarchive.errors import Interrupted
from convarchive.model import Recording
from convarchive.sandbox import Chaos, Sandbox
from convarchive.sources import pace
from convarchive.store import clock
from convarchive.sync.engine import LOOK_BACK, Options
from convarchive.sync.report import SourceReport

CHANGES: dict[str, dict[str, Any]] = {
    "analysis": {"sentiment": "negative", "topics": ["refund"], "outcome": "transferred"},
    "other analysis": {"sentiment": "positive", "topics": [], "outcome": "resolved"},
    "in progress": {"status": "in_progress", "transcript": None},
    "failed": {"status": "failed", "failure_reason": "media_timeout"},
    "waits for its transcript": {"status": "completed", "summary": None, "transcript": None},
    "recorded": {"recording": "a.wav"},
}

# Threads that were asking when a sync crashed may leave a socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

which = st.integers(0, 1000)
few = st.integers(1, 12)


class Crash(BaseException):
    """The process is gone."""


class Brittle(sqlite3.Connection):
    """A connection that crashes at a commit: before it, or after it."""

    left = 0
    after = False

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        """Run a statement, unless it is the last commit but none."""
        if sql != "COMMIT":
            return super().execute(sql, *args)
        Brittle.left -= 1
        if Brittle.left == 0 and not Brittle.after:
            raise Crash
        cursor = super().execute(sql, *args)
        if Brittle.left == 0:
            raise Crash
        return cursor


class StopAfter(threading.Event):
    """Set once somebody has looked so often whether it is: before each request, for one."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def is_set(self) -> bool:
        """Whether to stop."""
        self._left -= 1
        if self._left <= 0:
            self.set()
        return super().is_set()


class Mirror(RuleBasedStateMachine):
    """A vendor, an archive of it, and what is known to have been stored."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.later = timedelta()
        real = clock.now
        self.patch.setattr(
            clock, "now", lambda: clock.text(datetime.fromisoformat(real()) + self.later)
        )
        self.patch.setattr(pace, "SHORTEST_BACKOFF", 0.0)
        self.patch.setattr(pace, "LONGEST_BACKOFF", 0.001)
        self.chaos = Chaos(errors=0.3, truncated=0.2, resets=0.1, duplicates=0.2, active=False)
        self.sandbox = Sandbox(count=0, page_limit=4, chaos=self.chaos).start()
        self.sandbox.recordings.add("a.wav", b"RIFF" * 500)
        self.patch.setenv(KEY_VARIABLE, self.sandbox.key)
        self.directory = tempfile.TemporaryDirectory()
        self.archive = make_archive(Path(self.directory.name) / "archive", self.sandbox.base_url)
        self.made = 0
        self.newest = 0.0  # hours after noon
        self.gone: dict[str, dict[str, Any]] = {}
        self.touched: list[str] = []  # starts of what has changed since the last whole sync
        self.stored: dict[tuple[str, int], str] = {}

    def teardown(self) -> None:
        """Close everything."""
        self.archive.close()
        self.sandbox.stop()
        self.directory.cleanup()
        self.patch.undo()

    def put(self, told: dict[str, Any]) -> None:
        """Let the vendor have this."""
        self.touched.append(told["start_time"])
        self.sandbox.upstream.put(told)

    def one(self, which: int) -> dict[str, Any] | None:
        """One of the vendor's conversations."""
        ids = self.sandbox.upstream.ids()
        return self.sandbox.upstream.get(ids[which % len(ids)]) if ids else None

    # At the vendor

    @rule(count=few, hours=st.sampled_from([0, 0.1, 5, 30]))
    def calls_come(self, count: int, hours: float) -> None:
        """So long after each other; without a pause they begin in the same instant."""
        for _ in range(count):
            self.newest += hours
            self.made += 1
            self.put(payload(f"conv_{self.made:04}", moment(hours=self.newest)))

    @rule(hours=st.sampled_from([0, 0.1, 20, 70, 200]))
    def a_call_comes_late(self, hours: float) -> None:
        """It began so long before the newest."""
        self.made += 1
        self.put(payload(f"conv_{self.made:04}", moment(hours=self.newest - hours)))

    @rule(which=which, change=st.sampled_from(sorted(CHANGES)))
    def a_call_changes(self, which: int, change: str) -> None:
        """Its analysis, its status, its transcript."""
        if told := self.one(which):
            self.put({**told, **CHANGES[change]})

    @rule(which=which)
    def a_call_is_finished(self, which: int) -> None:
        """It is completed, with another transcript than before."""
        if told := self.one(which):
            self.made += 1
            whole = payload(told["id"], told["start_time"], summary=f"Version {self.made}.")
            self.put({**told, **whole})

    @rule(which=which)
    def a_call_is_deleted(self, which: int) -> None:
        """And may come back."""
        if told := self.one(which):
            self.touched.append(told["start_time"])
            self.gone[told["id"]] = told
            self.sandbox.upstream.remove(told["id"])

    @precondition(lambda self: self.gone)
    @rule(which=which)
    def a_call_is_restored(self, which: int) -> None:
        """As it was."""
        self.put(self.gone.pop(sorted(self.gone)[which % len(self.gone)]))

    # Syncs that don't come to their end

    @rule(number=few, after=st.booleans())
    def crashed(self, number: int, after: bool) -> None:
        """Before or after some commit."""
        Brittle.left, Brittle.after = number, after
        connect = sqlite3.connect
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite3, "connect", lambda *a, **o: connect(*a, factory=Brittle, **o))
            try:
                self.sync()
            except Crash:
                self.archive.close()
        self.remember()

    @rule(looks=st.integers(1, 40))
    def interrupted(self, looks: int) -> None:
        """At some request."""
        report = self.sync(stop=StopAfter(looks))
        assert report.error is None or isinstance(report.error, Interrupted)
        self.remember()

    @rule(limit=few)
    def cut_off(self, limit: int) -> None:
        """At a number of conversations."""
        assert self.sync(Options(limit=limit)).error is None
        self.remember()

    @rule(seed=which)
    def disturbed(self, seed: int) -> None:
        """By a vendor of whose answers every other one is wrong."""
        self.chaos.seed, self.chaos.active = seed, True
        self.sync()
        self.chaos.active = False
        self.remember()

    # One that does

    @rule()
    def undisturbed(self) -> None:
        """A day later, by when everything that was to be looked at again is due."""
        self.later += timedelta(hours=25)
        self.archive.retry_problems()
        report = self.sync(Options(full=self.beyond_reach()))
        assert report.error is None
        # Deleted after it was listed and before it could be fetched: known, and not to be had.
        lost = {problem.id for problem in self.archive.problems()}
        assert lost.isdisjoint(self.sandbox.upstream.ids())
        assert report.complete is not bool(lost)
        self.remember()
        assert_equal(self.archive, self.sandbox)
        self.touched.clear()

    def beyond_reach(self) -> bool:
        """Whether something has changed so long ago that no look back shows it."""
        row = self.archive._connection().execute("SELECT listed_to FROM sources").fetchone()
        if row is None or row[0] is None:
            return False
        earliest = datetime.fromisoformat(row[0]) - LOOK_BACK
        return any(datetime.fromisoformat(start) < earliest for start in self.touched)

    def sync(
        self, options: Options | None = None, stop: threading.Event | None = None
    ) -> SourceReport:
        """One sync; where most of a few calls are deleted, that is meant."""
        self.archive.close()
        options = (options or Options())._replace(accept_mass_deletion=True)
        (report,) = self.archive.sync(options=options, stop=stop).sources
        return report

    def remember(self) -> None:
        """All that was stored before is still there, as it was; so it will have to be."""
        self.archive.close()
        found = {
            (identifier, revision): sha256
            for identifier, revision, sha256 in self.archive._connection().execute(
                "SELECT id, d.revision, sha256 FROM documents AS d"
                " JOIN conversations ON key = conversation WHERE name = 'detail'"
            )
        }
        assert self.stored.items() <= found.items()
        for identifier, revision in found.keys() - self.stored.keys():
            state = self.archive.show(identifier, revision)
            assert (state.id, state.revision) == (identifier, revision)
            assert state.recording is None or isinstance(state.recording, Recording)
        self.stored = found


MODEST = settings(
    max_examples=8, stateful_step_count=20, deadline=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def test_any_history() -> None:
    """A few histories of twenty events, the same ones each time."""
    run_state_machine_as_test(Mirror, settings=MODEST)


@pytest.mark.slow
def test_many_histories() -> None:
    """Many and longer ones, others each time."""
    settings_ = settings(MODEST, max_examples=25, stateful_step_count=25, derandomize=False)
    run_state_machine_as_test(Mirror, settings=settings_)
