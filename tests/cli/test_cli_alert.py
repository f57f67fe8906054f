"""``alert``: what is done for each new match of a saved search, once, after a sync."""

from __future__ import annotations

import json
import shlex
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from convarchive import Archive, alerts, searches
from convarchive.errors import SettingsError
from convarchive.sandbox import Sandbox
from convarchive.settings import FILE

Run = Callable[..., Any]

KEY_VARIABLE = "CONVARCHIVE_TEST_KEY"

SECRET = "k3y-that-nobody-may-see"


def said(identifier: str, day: int, text: str) -> dict[str, Any]:
    """A conversation of one turn."""
    return {
        "id": identifier, "status": "completed", "language": "en", "duration": 12,
        "start_time": f"2026-11-{day:02}T10:00:00Z",
        "transcript": {"messages": [{"speaker": "customer", "text": text, "timestamp": 1.0}]},
    }  # fmt: skip


OLD = [said(f"conv_old_000000{day}", day, "I want a refund.") for day in range(1, 6)]
OLD += [said("conv_wallet_0001", 6, "A refund to my wallet."), said("conv_else_00001", 7, "Hello.")]
NEW = said("conv_new_0000001", 21, "A refund, please.")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A vendor with a few conversations, six of them with the word *refund*."""
    with Sandbox(count=0) as running:
        monkeypatch.setenv(KEY_VARIABLE, running.key)
        for conversation in OLD:
            running.upstream.put(conversation)
        yield running


@pytest.fixture
def call(run: Run, archive: Archive) -> Run:
    """Runs a command on an archive that is in step with its source, with a saved search."""
    assert run("-a", archive.directory, "sync", "--no-recordings").code == 0
    searches.save(archive.directory, "refunds", "refund", archive.parse)

    def call(*args: str) -> Any:
        return run("-a", archive.directory, *args)

    return call


def sync(call: Run, *args: str) -> Any:
    """A sync that fetches what is new."""
    return call("sync", "--no-recordings", *args)


def keeping(path: Path, code: int = 0) -> str:
    """A command that adds its standard input to a file."""
    program = (
        "import sys; from pathlib import Path;"
        f" file = Path({str(path)!r}).open('a', encoding='utf-8');"
        " file.write(sys.stdin.buffer.read().decode('utf-8')); file.close();"
        f" print('out of paper', file=sys.stderr); sys.exit({code})"
    )
    return shlex.join([sys.executable, "-c", program])


def test_a_new_match_is_posted_once(call: Run, sandbox: Sandbox, receiver: Any) -> None:
    """After the sync that brings it, and not after the next one."""
    assert call("alert", "@refunds", "--webhook", f"{receiver.url}/hook").code == 0
    sandbox.upstream.put(NEW)
    ran = sync(call)
    assert (ran.code, receiver.ids) == (0, ["conv_new_0000001"])
    assert "alert @refunds: 1 new match" in ran.err
    assert sync(call, "--full").code == 0
    assert len(receiver.got) == 1


def test_the_document(call: Run, sandbox: Sandbox, receiver: Any) -> None:
    """It has its schema, the alert, the query written out, and the hit as a search has it."""
    call("alert", "@refunds", "--webhook", f"{receiver.url}/hook?token={SECRET}")
    sandbox.upstream.put(NEW)
    sync(call)
    ((path, headers, body),) = receiver.got
    found = json.loads(body)
    assert path == f"/hook?token={SECRET}"
    assert headers["Content-Type"] == "application/json"
    assert found["schema"] == "convarchive.alert/1"
    assert (found["alert"], found["query"], found["archive"]) == ("refunds", "refund", "archive")
    (hit,) = json.loads(call("search", "id:conv_new_0000001 refund", "--json").out)["hits"]
    assert found["conversation"] | {"score": 0} == hit | {"score": 0}


def test_no_key_is_sent(call: Run, sandbox: Sandbox, receiver: Any) -> None:
    """The receiver gets the match and nothing of ours."""
    call("alert", "@refunds", "--webhook", receiver.url)
    sandbox.upstream.put(NEW)
    sync(call)
    ((_, headers, body),) = receiver.got
    assert not {"authorization", "x-api-key", "cookie"} & {name.lower() for name in headers}
    assert sandbox.key not in f"{headers}{body!r}"


def test_a_command(call: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    """It gets the document on its standard input; what it says does not mix with the sync's."""
    call("alert", "refunds", "--exec", keeping(tmp_path / "kept"))
    sandbox.upstream.put(NEW)
    ran = sync(call, "--json")
    found = [json.loads(line) for line in (tmp_path / "kept").read_text("utf-8").splitlines()]
    assert [each["conversation"]["id"] for each in found] == ["conv_new_0000001"]
    assert json.loads(ran.out)["alerts"] == [{"alert": "refunds", "delivered": 1, "left": 0}]
    assert "out of paper" not in ran.err


def test_no_shell(call: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    """What a shell would obey are words."""
    program = "import sys; open('words', 'w').write(' '.join(sys.argv[1:]))"
    words = [sys.executable, "-c", program]
    call("alert", "@refunds", "--exec", f"{shlex.join(words)} $HOME ; > other")
    sandbox.upstream.put(NEW)
    assert sync(call).code == 0
    assert (tmp_path / "words").read_text() == "$HOME ; > other"


def test_what_matches_already_counts_as_seen(call: Run, receiver: Any) -> None:
    """Nothing is sent for it, and how much that is is said."""
    ran = call("alert", "@refunds", "--webhook", receiver.url)
    assert "6 conversations that match now count as seen" in ran.err
    assert sync(call).code == 0
    assert receiver.got == []


def test_existing(call: Run, archive: Archive, receiver: Any) -> None:
    """With ``--existing`` the next sync sends them, oldest first."""
    call("alert", "@refunds", "--webhook", receiver.url, "--existing")
    assert receiver.got == []
    sync(call)
    assert receiver.ids == [each.id for each in archive.list("refund", sort="oldest")]


def test_a_failure_is_told_and_tried_again(call: Run, sandbox: Sandbox, receiver: Any) -> None:
    """The sync is done all the same, with exit code 3; the next one sends what is left."""
    call("alert", "@refunds", "--webhook", f"{receiver.url}/{SECRET}")
    sandbox.upstream.put(NEW)
    receiver.status = 503
    ran = sync(call)
    assert ran.code == 3
    assert "answered with 503. 1 are left" in " ".join(ran.err.split())
    assert "convarchive alert @refunds --test" in ran.err
    assert call("show", "conv_new_0000001").code == 0
    receiver.status = 204
    assert sync(call).code == 0
    assert receiver.ids == ["conv_new_0000001"] * 2
    assert sync(call).code == 0
    assert len(receiver.got) == 2


def test_one_failure_does_not_keep_the_others(call: Run, archive: Archive, tmp_path: Path) -> None:
    """What one receiver does not take is left; the rest goes on, and other alerts do."""
    program = (
        "import json, sys; from pathlib import Path;"
        " id = json.load(sys.stdin.buffer)['conversation']['id'];"
        f" file = Path({str(tmp_path / 'kept')!r}).open('a'); file.write(id + '\\n'); file.close();"
        f" sys.exit(id == {archive.list('refund', sort='oldest')[1].id!r})"
    )
    call("alert", "@refunds", "--existing", "--exec", shlex.join([sys.executable, "-c", program]))
    ran = sync(call, "--json")
    assert ran.code == 3
    assert json.loads(ran.out)["alerts"] == [{"alert": "refunds", "delivered": 5, "left": 1}]
    assert len((tmp_path / "kept").read_text().split()) == 6


def test_an_outage(call: Run, receiver: Any) -> None:
    """After five failures in a row the rest waits for the next sync."""
    receiver.status = 500
    call("alert", "@refunds", "--webhook", receiver.url, "--existing")
    assert sync(call).code == 3
    assert len(receiver.got) == 5


def test_redirects_are_not_followed(call: Run, sandbox: Sandbox, receiver: Any) -> None:
    """What was said to one place is not repeated at another."""
    receiver.status = 307
    call("alert", "@refunds", "--webhook", f"{receiver.url}/hook")
    sandbox.upstream.put(NEW)
    assert sync(call).code == 3
    assert [path for path, _, _ in receiver.got] == ["/hook"]


@pytest.mark.parametrize(
    ("command", "why"),
    [("no-such-command-anywhere", "cannot be run"), ("COMMAND", "ended with 7. out of paper")],
)
def test_a_command_that_fails(
    call: Run, sandbox: Sandbox, tmp_path: Path, command: str, why: str
) -> None:
    """It is told what it was, and the last that the command said."""
    command = keeping(tmp_path / "kept", 7) if command == "COMMAND" else command
    call("alert", "@refunds", "--exec", command)
    sandbox.upstream.put(NEW)
    ran = sync(call)
    assert ran.code == 3
    assert why in " ".join(ran.err.split())


def test_what_is_written_down_after_a_crash(call: Run, archive: Archive, receiver: Any) -> None:
    """Each match is written down by itself, so a crash in between repeats at most that one."""
    call("alert", "@refunds", "--webhook", receiver.url, "--existing")
    with archive.alerts() as ready:
        deliver = ready._deliver

        def crash(*args: Any) -> None:
            deliver(*args)
            if len(receiver.got) == 3:
                raise KeyboardInterrupt

        ready._deliver = crash  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            ready.run()
    assert sync(call).code == 0
    assert len(receiver.got) == 7
    assert receiver.ids[2] == receiver.ids[3]
    assert len(set(receiver.ids)) == 6


def test_nothing_after_a_dry_run(call: Run, receiver: Any) -> None:
    """A sync that only says what it would do acts for nothing."""
    call("alert", "@refunds", "--webhook", receiver.url, "--existing")
    assert call("sync", "--dry-run").code == 0
    assert receiver.got == []


def test_stopped(call: Run, archive: Archive, receiver: Any) -> None:
    """Who wants to stop is not kept waiting; the rest is for the next sync."""
    call("alert", "@refunds", "--webhook", receiver.url, "--existing")
    stop = threading.Event()
    stop.set()
    with archive.alerts() as ready:
        assert ready.run(stop) == [alerts.Outcome("refunds", 0, 6, None)]


def test_try(call: Run, archive: Archive, receiver: Any) -> None:
    """``--test`` acts for the newest match, says what happened, and writes nothing down."""
    call("alert", "@refunds", "--webhook", receiver.url)
    newest = archive.list("refund")[0].id
    ran = call("alert", "@refunds", "--test")
    assert (ran.code, receiver.ids) == (0, [newest])
    assert newest in ran.err
    receiver.status = 404
    ran = call("alert", "@refunds", "--test")
    assert ran.code == 1
    assert "answered with 404" in ran.err


def test_try_without_a_match(call: Run, archive: Archive, receiver: Any) -> None:
    """There is nothing to try with."""
    searches.save(archive.directory, "none", "xylophonist", archive.parse)
    call("alert", "@none", "--webhook", receiver.url)
    ran = call("alert", "@none", "--test")
    assert (ran.code, receiver.got) == (1, [])
    assert "nothing to try" in ran.err


def test_a_key_in_a_url_is_never_shown(call: Run, archive: Archive) -> None:
    """Of a webhook, scheme and host alone are printed, whatever is asked for and goes wrong."""
    url = f"http://user:{SECRET}@127.0.0.1:9/{SECRET}?key={SECRET}"
    shown = [call("alert", "@refunds", "--webhook", url, "--existing")]
    shown += [call("alert", *form) for form in ([], ["--json"], ["--csv"], ["-t"])]
    shown += [call("alert", "@refunds", "--test"), call("-vv", "alert", "@refunds", "--test")]
    shown += [sync(call), sync(call, "--log-json"), sync(call, "--json"), call("status", "--json")]
    assert all(SECRET not in ran.out + ran.err for ran in shown)
    assert "http://127.0.0.1:9" in shown[1].out
    assert shown[-3].code == 3
    assert SECRET in (archive.directory / FILE).read_text()


def test_the_list(call: Run) -> None:
    """Without a name the alerts are listed."""
    assert "There is no alert." in call("alert").err
    call("alert", "@refunds", "--exec", "mail me")
    found = json.loads(call("alert", "--json").out)
    assert found["schema"] == "convarchive.alerts/1"
    assert found["alerts"] == [
        {"id": "refunds", "name": "@refunds", "query": "@refunds", "kind": "exec",
         "does": "mail me"},
    ]  # fmt: skip


def test_remove(call: Run, sandbox: Sandbox, receiver: Any, archive: Archive) -> None:
    """It is gone, with what it remembered; the search stays."""
    call("alert", "@refunds", "--webhook", receiver.url)
    assert call("alert", "@refunds", "--remove").code == 0
    sandbox.upstream.put(NEW)
    assert sync(call).code == 0
    assert receiver.got == []
    assert call("search", "@refunds", "--count").out == "7\n"
    connection = sqlite3.connect(archive.directory / "archive.db")
    assert connection.execute("SELECT count(*) FROM alert_matches").fetchone() == (0,)
    connection.close()


def test_a_search_that_an_alert_needs_is_kept(call: Run) -> None:
    """It is not forgotten before the alert is removed."""
    call("alert", "@refunds", "--exec", "mail me")
    refused = call("search", "--forget", "refunds")
    assert refused.code == 2
    assert "the alert 'refunds'" in refused.err


@pytest.mark.parametrize(
    "args",
    [
        ["@refunds"], ["--test"], ["--exec", "mail"], ["--existing"],
        ["@refunds", "--exec", "mail", "--webhook", "http://localhost"],
        ["@refunds", "--webhook", "ftp://localhost"], ["@refunds", "--webhook", "http://"],
        ["@refunds", "--webhook", "http://[::"], ["@refunds", "--exec", "'"],
        ["@refunds", "--exec", ""], ["@refund", "--exec", "mail"], ["@refunds", "--test"],
        ["@refunds", "--remove"],
    ],
)  # fmt: skip
def test_wrong_usage(call: Run, archive: Archive, args: list[str]) -> None:
    """What can't be is refused, and nothing is written."""
    before = (archive.directory / FILE).read_text()
    assert call("alert", *args).code == 2
    assert (archive.directory / FILE).read_text() == before


def test_a_second_one(call: Run) -> None:
    """One saved search has one alert."""
    call("alert", "@refunds", "--exec", "mail me")
    refused = call("alert", "@refunds", "--exec", "mail you")
    assert refused.code == 2
    assert "--remove" in refused.err


@pytest.mark.parametrize(
    "table",
    ['exec = "mail"', 'query = "refund"', 'query = "a"\nexec = "b"\nwebhook = "http://c"',
     'query = "a"\nexec = 7', 'query = "a"\nexec = "b"\nretries = "9"',
     'query = "a"\nwebhook = "file:///c"'],
)  # fmt: skip
def test_what_is_wrong_in_the_settings(call: Run, archive: Archive, table: str) -> None:
    """It is told after the sync, which is done all the same."""
    path = archive.directory / FILE
    path.write_text(f"{path.read_text()}\n[alerts.mine]\n{table}\n")
    with pytest.raises(SettingsError, match="mine"):
        alerts.read(archive.directory)
    ran = sync(call)
    assert ran.code == 3
    assert "mine" in ran.err
    assert "ayra" in ran.out


def test_by_hand(call: Run, archive: Archive, receiver: Any) -> None:
    """An alert that was written into the settings may have any query, and acts for all it finds."""
    path = archive.directory / FILE
    mine = f'\n[alerts.mine]\nquery = "refund wallet"\nwebhook = "{receiver.url}"\n'
    path.write_text(path.read_text() + mine)
    assert sync(call).code == 0
    assert receiver.ids == [each.id for each in archive.list("refund wallet")]


def test_what_is_not_indexed(call: Run, archive: Archive) -> None:
    """What matches already can't be known then, so no alert is added."""
    with archive.writing("test") as connection:
        connection.execute(
            "INSERT INTO index_queue (conversation) SELECT key FROM conversations LIMIT 2"
        )
    refused = call("alert", "@refunds", "--exec", "mail me")
    assert refused.code == 1
    assert "convarchive reindex" in refused.err
    assert call("alert", "--ids").out == ""


def test_on_a_terminal(on_terminal: Run, copied: Archive) -> None:
    """Not wider than the screen."""
    searches.save(copied.directory, "refunds", "refund", copied.parse)
    lines = on_terminal("-a", copied.directory, "alert", "@refunds", "--exec", f"mail {'x' * 99}")
    screen = on_terminal("-a", copied.directory, "alert")
    assert (lines.code, screen.code) == (0, 0)
    for each in (lines, screen):
        assert max(map(cell_len, each.plain.split("\n"))) <= 80
