"""``sync``: the JSON that scripts read, field by field, and what the options do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from convarchive import Archive
from convarchive.sandbox import Sandbox

Run = Callable[..., Any]

COUNTS = (
    "listed", "fetched", "new", "changed", "unchanged", "deleted_at_source", "pending", "problems",
    "recordings", "bytes", "requests", "rate_limited",
)  # fmt: skip


@pytest.fixture
def few(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the five newest of the demo's conversations, so that a sync is quick."""
    for identifier in sandbox.upstream.ids()[:-5]:
        sandbox.upstream.remove(identifier)
    return sandbox


@pytest.fixture
def sync(few: Sandbox, archive: Archive, run: Run) -> Run:
    """Runs a sync of the few conversations."""

    def sync(*args: str) -> Any:
        return run("-a", archive.directory, "sync", *args)

    return sync


def report(ran: Any) -> dict[str, Any]:
    """The JSON document that a sync printed."""
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def test_the_document(sync: Run) -> None:
    """It has its schema, whether it is complete, how long it took, and its sources."""
    ran = sync("--json")
    found = report(ran)
    assert (ran.code, ran.err) == (0, "")
    assert found["schema"] == "convarchive.sync/1"
    assert found["complete"] is True
    assert isinstance(found["seconds"], float)
    assert [source["source"] for source in found["sources"]] == ["ayra"]


def test_a_source_counts(sync: Run) -> None:
    """Every count is there, as a whole number; what it waited is in seconds."""
    (source,) = report(sync("--json"))["sources"]
    assert {name: type(source[name]) for name in COUNTS} == dict.fromkeys(COUNTS, int)
    assert type(source["waited_seconds"]) is float
    assert type(source["complete"]) is bool


def test_what_a_first_sync_counts(sync: Run, few: Sandbox) -> None:
    """Everything is listed, fetched and new, and the requests are those that the vendor saw."""
    (source,) = report(sync("--json"))["sources"]
    assert [source[name] for name in ("listed", "fetched", "new")] == [5, 5, 5]
    assert [source[name] for name in ("changed", "unchanged", "deleted_at_source")] == [0, 0, 0]
    assert source["requests"] == few.requests["list"] + few.requests["detail"]
    assert source["bytes"] > 0
    assert source["waited_seconds"] == 0.0
    assert source["complete"] is True


def test_what_a_second_sync_counts(sync: Run, few: Sandbox) -> None:
    """What has not changed is not fetched again; what has is; what is gone is marked."""
    for identifier, outcome in zip(few.upstream.ids()[-2:], ("resolved", "failed"), strict=True):
        payload = few.upstream.get(identifier)
        assert payload is not None
        few.upstream.put(payload | {"status": "completed", "outcome": outcome})
    assert sync().code == 0
    changed, gone = few.upstream.ids()[-2:]
    payload = few.upstream.get(changed)
    assert payload is not None
    few.upstream.put(payload | {"outcome": "transferred"})
    few.upstream.remove(gone)
    (source,) = report(sync("--json"))["sources"]
    assert (source["new"], source["changed"], source["deleted_at_source"]) == (0, 1, 1)
    assert source["complete"] is True


def test_for_people(sync: Run) -> None:
    """A line a source on the standard output; no bars where nobody would see them."""
    ran = sync()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("ayra  5 new · 0 changed · 0 unchanged")
    assert ran.out.count("\n") == 1


def test_quiet(run: Run, few: Sandbox, archive: Archive) -> None:
    """With ``-q`` a sync that succeeds says nothing."""
    assert run("-q", "-a", archive.directory, "sync") == (0, "", "")


def test_named_sources(sync: Run, run: Run, archive: Archive, few: Sandbox) -> None:
    """Sources can be named; without a name all of them are mirrored, in the settings' order."""
    more = ("--name", "second", "--base-url", few.base_url)
    key = ("--api-key-env", "CONVARCHIVE_TEST_KEY")
    assert run("-a", archive.directory, "source", "add", "ayra", *more, *key).code == 0
    for args, expected in (
        (["second"], ["second"]),
        ([], ["ayra", "second"]),
        (["second", "ayra"], ["second", "ayra"]),
    ):
        found = report(sync(*args, "--json"))
        assert [source["source"] for source in found["sources"]] == expected


def test_limit(sync: Run) -> None:
    """``--limit`` fetches so many and no more; the next sync goes on."""
    first = report(sync("--limit", "2", "--json"))
    assert (first["sources"][0]["fetched"], first["complete"]) == (2, False)
    second = report(sync("--json"))
    assert (second["sources"][0]["new"], second["complete"]) == (3, True)


def test_the_limit_is_told(sync: Run) -> None:
    """Whoever reads the line sees that it was the limit that ended it."""
    ran = sync("--limit", "2")
    assert ran.code == 0
    assert "2 new" in ran.out
    assert "stopped at the limit" in ran.out


def test_since_and_until(sync: Run, few: Sandbox) -> None:
    """``--since`` is inclusive, ``--until`` exclusive, by the start."""
    starts = sorted(
        payload["start_time"] for payload in map(few.upstream.get, few.upstream.ids()) if payload
    )
    assert len(set(starts)) == 5
    assert report(sync("--since", starts[1], "--until", starts[3], "--json"))["sources"][0][
        "new"
    ] == 2  # fmt: skip
    assert report(sync("--until", starts[1], "--json"))["sources"][0]["new"] == 1
    assert report(sync("--json"))["sources"][0]["new"] == 2


def test_full(sync: Run) -> None:
    """``--full`` lists everything again, and fetches nothing that is settled."""
    sync()
    (source,) = report(sync("--full", "--json"))["sources"]
    assert source["listed"] == 5
    assert source["new"] == 0


@pytest.mark.parametrize(("options", "count"), [((), 5), (("--no-recordings",), 0)])
def test_recordings(
    run: Run, sandbox: Sandbox, archive: Archive, options: tuple[str, ...], count: int
) -> None:
    """The sound is fetched unless it is not wanted."""
    for identifier in sandbox.upstream.ids():
        if not (sandbox.upstream.get(identifier) or {}).get("recording"):
            sandbox.upstream.remove(identifier)
    (source,) = report(run("-a", archive.directory, "sync", "--json", *options))["sources"]
    assert source["recordings"] == count
    assert len(list(archive.directory.glob("recordings/*/*"))) == count


@pytest.mark.parametrize("place", [("--since", "tomorrow"), ("--until", "2026-02-30"),
                                   ("--look-back", "3x"), ("--look-back", "²d"),
                                   ("--limit", "0"), ("--limit", "many")])  # fmt: skip
def test_wrong_values(sync: Run, few: Sandbox, place: tuple[str, str]) -> None:
    """What is no date, length or number is refused before anything is asked for."""
    ran = sync(*place)
    assert (ran.code, ran.out) == (2, "")
    assert place[0] in ran.err
    assert not few.requests


@pytest.mark.parametrize("length", ["0d", "999999999d"])
def test_look_back(sync: Run, length: str) -> None:
    """Any length of time may be looked back, be it longer than there are calendars."""
    sync()
    assert sync("--look-back", length).code == 0


def test_a_key_is_never_told(run: Run, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on the screen, nor in any file of the archive, whether it is taken or refused."""
    for key in ("sk_test_secret_that_is_good", "sk_live_secret_that_is_refused"):
        monkeypatch.setenv("CONVARCHIVE_TEST_KEY", key)
        ran = run("-vv", "-a", archive.directory, "sync", "--limit", "2")
        assert "secret_that" not in ran.out + ran.err
    for file in archive.directory.rglob("*"):
        assert not file.is_file() or b"secret_that" not in file.read_bytes()
