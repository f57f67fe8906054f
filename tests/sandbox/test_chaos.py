"""What goes wrong on purpose: each fault as a client meets it, by the seed, and counted."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.sandbox.conftest import WAV, connected

from convarchive.errors import UsageError
from convarchive.sandbox import Chaos, Sandbox

LIST = "/v1/conversations"
DETAIL = f"{LIST}/conv_aaaaaaaaaaa2"

Disturbed = Callable[..., tuple[Sandbox, httpx.Client]]


@pytest.fixture
def disturbed(data: Path) -> Iterator[Disturbed]:
    """Starts a sandbox in which these things go wrong, with a client of it."""
    with ExitStack() as open_ones:

        def start(**faults: Any) -> tuple[Sandbox, httpx.Client]:
            sandbox = open_ones.enter_context(Sandbox(data=data, chaos=Chaos(**faults)))
            return sandbox, open_ones.enter_context(connected(sandbox))

        yield start


def outcome(client: httpx.Client, path: str) -> str:
    """What became of one request, in a word or two."""
    try:
        answer = client.get(path)
    except httpx.TransportError as error:
        return type(error).__name__
    if answer.headers["content-type"].startswith("text/html"):
        return f"html {answer.status_code}"
    if answer.status_code != 200:
        return str(answer.status_code)
    try:
        answer.json()
    except ValueError:
        return "cut short"
    return "200"


def outcomes(client: httpx.Client, count: int, path: str = LIST) -> Counter[str]:
    """What became of so many different requests."""
    return Counter(outcome(client, f"{path}?number={number}") for number in range(count))


def test_nothing_goes_wrong(disturbed: Disturbed) -> None:
    """Unless it is asked for."""
    sandbox, client = disturbed()
    assert outcomes(client, 100) == {"200": 100}
    assert not sandbox.chaos.injected


@pytest.mark.parametrize(
    ("kind", "met"),
    [
        ("errors", {"500", "502", "503", "504"}),
        ("html", {"html 200", "html 502"}),
        ("rate_limited", {"429"}),
        ("resets", {"RemoteProtocolError"}),
        ("truncated", {"cut short"}),
    ],
)
def test_each_kind(disturbed: Disturbed, kind: str, met: set[str]) -> None:
    """About as many as were asked for, as a client sees them, and counted."""
    sandbox, client = disturbed(**{kind: 0.3}, burst=1)
    found = outcomes(client, 200)
    assert set(found) == met | {"200"}
    assert sandbox.chaos.injected == {kind: 200 - found["200"]}
    assert 35 < 200 - found["200"] < 85


def test_again_and_again(disturbed: Disturbed) -> None:
    """The same seed spoils the same requests, another one others, whatever was asked between."""
    runs = []
    for seed, path in ((1, ""), (1, DETAIL), (2, "")):
        _, client = disturbed(seed=seed, errors=0.2, resets=0.2, truncated=0.2)
        run = []
        for number in range(60):
            if path:
                outcome(client, path)
            run.append(outcome(client, f"{LIST}?number={number}"))
        runs.append(run)
    assert runs[0] == runs[1] != runs[2]


def test_a_request_made_again(disturbed: Disturbed) -> None:
    """Has another chance: some requests fail the first time and succeed the second, or the other
    way round."""
    _, client = disturbed(truncated=0.4)
    first, second = (
        [outcome(client, f"{LIST}?number={number}") for number in range(40)] for _ in "ab"
    )
    assert {*zip(first, second, strict=True)} >= {("cut short", "200"), ("200", "cut short")}


@pytest.mark.slow
def test_errors_come_in_bursts(disturbed: Disturbed) -> None:
    """So many times in a row, and still no more than the share that was asked for."""
    _, client = disturbed(errors=0.3, burst=4)
    failed = "".join(".F"[outcome(client, LIST) != "200"] for _ in range(400))
    assert all(len(run) >= 4 for run in failed.split(".")[1:-1] if run)
    assert 0.15 < failed.count("F") / 400 < 0.4


def test_a_reset_is_in_the_middle(disturbed: Disturbed) -> None:
    """The announced length is that of the whole, and what comes is the beginning of it."""
    sandbox, client = disturbed(resets=1.0)
    sandbox.chaos.active = False
    whole = client.get(DETAIL).content
    sandbox.chaos.active = True
    with socket.create_connection(("127.0.0.1", sandbox.port)) as raw:
        request = f"GET {DETAIL} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {sandbox.key}\r\n\r\n"
        raw.sendall(request.encode())
        head, _, body = b"".join(iter(lambda: raw.recv(65536), b"")).partition(b"\r\n\r\n")
    announced = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert announced == pytest.approx(len(whole), abs=20)  # the links in it have various lengths
    assert len(body) < announced
    assert whole.startswith(body[:100])


def test_recordings(disturbed: Disturbed) -> None:
    """Break off and fail like anything else, but are never cut short under a right length, which
    nobody could notice."""
    sandbox, client = disturbed(truncated=1.0)
    sandbox.chaos.active = False
    link = client.get(DETAIL).json()["data"]["recording_url"]
    sandbox.chaos.active = True
    assert httpx.get(link).content == WAV
    assert not sandbox.chaos.injected
    sandbox.chaos.truncated, sandbox.chaos.resets = 0.0, 1.0
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(link)


def test_silence(disturbed: Disturbed) -> None:
    """Not a byte comes until the client gives up, or the connection is closed."""
    sandbox, client = disturbed(hang=1.0, hang_seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        client.get(LIST, timeout=0.2)
    sandbox.chaos.hang_seconds = 0.2
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(LIST, timeout=60)
    assert sandbox.chaos.injected == {"hang": 2}


def test_retry_after(disturbed: Disturbed) -> None:
    """A rate limit says when to come again in seconds, as a date, or not at all."""
    _, client = disturbed(rate_limited=1.0, retry_seconds=7)
    said = {client.get(LIST).headers.get("Retry-After") for _ in range(30)}
    dates = {value for value in said if value and not value.isdigit()}
    assert said - dates == {None, "7"}
    assert all(-1 < parsedate_to_datetime(value).timestamp() - time.time() <= 7 for value in dates)
    assert dates


def test_lying_totals(disturbed: Disturbed) -> None:
    """Some are too small, some too large; what is on the page is true."""
    sandbox, client = disturbed(totals=1.0)
    told = [client.get(LIST).json() for _ in range(30)]
    assert {one["pagination"]["total"] for one in told} == {0, 2, 10}
    assert {one["pagination"]["total_pages"] for one in told} == {0, 2}
    assert {len(one["data"]) for one in told} == {5}
    assert sandbox.chaos.injected == {"totals": 30}


def test_duplicates(disturbed: Disturbed) -> None:
    """One line of the list stands there twice, and none is missing."""
    sandbox, client = disturbed(duplicates=1.0)
    for _ in range(20):
        ids = [item["id"] for item in client.get(LIST).json()["data"]]
        assert (len(ids), len(set(ids))) == (6, 5)
    assert sandbox.chaos.injected == {"duplicates": 20}


def test_drift(disturbed: Disturbed) -> None:
    """Before a list is answered something is added at its end, added late, or deleted; details
    change nothing."""
    sandbox, client = disturbed(drift=1.0)
    for _ in range(20):
        client.get(DETAIL)
    assert not sandbox.chaos.injected
    before = sandbox.upstream.ids()
    kinds: Counter[str] = Counter()
    for _ in range(40):
        client.get(LIST)
        now = sandbox.upstream.ids()
        added, gone = set(now) - set(before), set(before) - set(now)
        if gone:
            kinds["deleted"] += 1
        else:
            kinds["inserted" if now[-1] in added else "late"] += 1
        assert len(added) + len(gone) == 1
        before = now
    assert sandbox.chaos.injected == kinds
    assert set(kinds) == {"deleted", "inserted", "late"}


def test_drift_in_an_empty_account() -> None:
    """Begins with a new call."""
    with Sandbox(count=0, chaos=Chaos(drift=1.0)) as sandbox, connected(sandbox) as client:
        assert len(client.get(LIST).json()["data"]) == 1


@pytest.mark.slow
def test_drift_among_made_up_calls() -> None:
    """What is added can be asked for, with the sound of the call that it resembles."""
    with Sandbox(count=200, chaos=Chaos(drift=1.0)) as sandbox, connected(sandbox) as client:
        for _ in range(150):
            client.get(LIST)
        added = [found for found in sandbox.upstream.ids() if found.startswith("conv_drift")]
        told = [client.get(f"{LIST}/{identifier}").json()["data"] for identifier in added]
        assert [one["id"] for one in told] == added
        links = [one["recording_url"] for one in told if one.get("recording_url")]
        assert all(httpx.get(link).status_code == 200 for link in links)
        assert links


def test_a_wrong_clock(disturbed: Disturbed) -> None:
    """Every time that the vendor tells of itself is as far off: the date and the reset."""
    sandbox, client = disturbed(skew_hours=-5)
    headers = client.get(LIST).headers
    assert len(headers.get_list("date")) == 1
    said = parsedate_to_datetime(headers["date"]).timestamp()
    assert said - time.time() == pytest.approx(-5 * 3600, abs=5)
    assert 0 < int(headers["X-RateLimit-Reset"]) - said <= 62
    assert sandbox.chaos.injected == {"skew_hours": 1}


def test_the_mix() -> None:
    """One share scales all of it, in the proportions that are documented."""
    mixed = Chaos.mixed(0.05, seed=7)
    assert (mixed.seed, mixed.errors) == (7, 0.05)
    assert (mixed.resets, mixed.truncated) == pytest.approx((0.02, 0.02))
    assert (mixed.html, mixed.rate_limited, mixed.hang) == pytest.approx((0.01, 0.01, 0.005))
    assert mixed.drift == mixed.totals == mixed.duplicates == 0.05


@pytest.mark.parametrize(
    "faults", [{"errors": -0.1}, {"drift": 1.1}, {"errors": 0.6, "resets": 0.6}]
)
def test_shares_beyond_all(faults: dict[str, float]) -> None:
    """More cannot go wrong than everything, and not less than nothing."""
    with pytest.raises(UsageError, match="everything"):
        Chaos(**faults)  # type: ignore[arg-type]


def test_the_smallest_page(data: Path) -> None:
    """A vendor that gives less than it is asked for says so, and the pages add up."""
    with Sandbox(data=data, page_limit=2) as sandbox, connected(sandbox) as client:
        pages = [client.get(LIST, params={"per_page": 100, "page": page}) for page in (1, 2, 3)]
    told = [page.json()["pagination"] for page in pages]
    assert [(one["per_page"], one["total_pages"]) for one in told] == [(2, 3)] * 3
    assert [len(page.json()["data"]) for page in pages] == [2, 2, 1]


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path) -> None:
    """``--chaos`` lets the whole mix go wrong, and says at the end how often what did."""
    command = [sys.executable, "-m", "convarchive", "sandbox", "--port", "0", "--count", "50"]
    with subprocess.Popen(
        [*command, "--chaos", "0.3"], stdout=-1, stderr=-1, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout
        url, key = (process.stdout.readline().split()[1] for _ in "ab")
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=1) as client:
            failed = 60 - outcomes(client, 60)["200"]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert failed > 5
    assert process.returncode == 0
    assert re.search(r"Went wrong on purpose: (.*, )?\d+ errors", said)
