"""Alerts: what is done, once for each, when a conversation comes to match a saved search.

::

    [alerts.refunds]
    query = "@refunds"
    exec = "notify-send refund"           # or: webhook = "https://example.com/hook"

After each sync every new match becomes one JSON document, on the standard input of the command or
in a POST. It is written down right after that has succeeded. So what fails is tried again by the
next sync, and a process that is killed in between acts a second time at most.
"""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from convarchive import searches, settings
from convarchive.errors import ConvarchiveError, IndexUnusable, SettingsError, UsageError
from convarchive.found import Hit, assembled, hit_row
from convarchive.index import reader
from convarchive.query import to_text, tree
from convarchive.query.names import nearest
from convarchive.store import clock, facets, unindexed
from convarchive.store.database import transaction

if TYPE_CHECKING:
    import httpx

_SECTION = "alerts"
_AT_A_TIME = 50
_IN_A_ROW = 5
"""So many failures without a success between, and the rest is left to the next sync."""
_SECONDS = {"exec": 60, "webhook": 10}


class Alert(NamedTuple):
    """What is done for whom."""

    name: str
    query: str
    exec: str | None = None
    """A command; it is not given to a shell."""
    webhook: str | None = None
    """A URL. Whoever knows it may be all that protects it, so it is not to be shown."""

    @property
    def does(self) -> str:
        """For people: the command, or the URL as far as it may be shown."""
        if self.webhook is None:
            return self.exec or ""
        url = urlsplit(self.webhook)
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


class Outcome(NamedTuple):
    """What an alert has done after one sync."""

    alert: str
    delivered: int
    left: int
    """New matches that are left to the next sync."""
    error: ConvarchiveError | None
    """Why they are, the last reason of several."""


class _Failed(ConvarchiveError):
    """The command or the receiver did not take it."""


def read(directory: Path) -> dict[str, Alert]:
    """The alerts by name, in the order of the file.

    Raises:
        SettingsError: The file says something that is not understood.
    """
    found = {}
    for name, table in settings.read(directory, _SECTION).items():
        where = f"{directory / settings.FILE}: {_SECTION}.{name}"
        fields = set(Alert._fields[1:])
        if not isinstance(table, dict) or not all(isinstance(each, str) for each in table.values()):
            raise SettingsError(f"{where} should be a table of texts.")
        if wrong := sorted(set(table) - fields):
            raise SettingsError(
                f"{where} has a setting {wrong[0]!r} that does not exist.",
                f"There are: {', '.join(sorted(fields))}.",
            )
        if "query" not in table or ("exec" in table) is ("webhook" in table):
            raise SettingsError(f"{where} needs a query, and either exec or webhook.")
        found[name] = Alert(name, **table)
        _check(found[name])
    return found


def _check(alert: Alert) -> None:
    try:
        fits = alert.webhook is None or (
            urlsplit(alert.webhook).scheme in ("http", "https")
            and bool(urlsplit(alert.webhook).hostname)
        )
        fits = fits and (alert.exec is None or bool(shlex.split(alert.exec)))
    except ValueError:
        fits = False
    if not fits:
        what = "webhook is no http or https URL" if alert.webhook else "exec is no command"
        raise SettingsError(f"The alert {alert.name!r} cannot be: its {what}.")


class Alerts:
    """The alerts of an archive; make it by `Archive.alerts`, which holds the writer lock.

    Args:
        connection: Writes.
        directory: Of the archive.
        parse: Reads a query.
    """

    def __init__(
        self, connection: sqlite3.Connection, directory: Path, parse: Callable[[str], tree.Node]
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._parse = parse
        self._client: httpx.Client | None = None

    def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            self._client.close()

    def add(self, alert: Alert, *, existing: bool = False) -> int:
        """Add an alert for a saved search; how many match it already.

        Args:
            alert: Its name is that of the saved search.
            existing: Whether to act for those, too, after the next sync.

        Raises:
            UsageError: There is no such search, or an alert of this name, or it can't be.
            IndexUnusable: What matches already can't be known.
        """
        known = searches.read(self._directory)
        if alert.name not in known:
            raise _unknown("saved search", alert.name, known, "convarchive search --save NAME …")
        if alert.name in read(self._directory):
            raise UsageError(
                f"There is an alert for @{alert.name} already.", "",
                f"Remove it first: convarchive alert @{alert.name} --remove",
            )  # fmt: skip
        _check(alert)
        behind = unindexed.count(self._connection)
        if behind and not existing:
            raise IndexUnusable(
                f"The search index lacks {behind:,} conversations, so what matches is not known.",
                "", "Bring it up to date: convarchive reindex",
            )  # fmt: skip
        with transaction(self._connection):
            self._forget(alert.name)
            many = self._choose(self._parse(alert.query))
            if not existing:
                self._connection.execute(
                    "INSERT INTO alert_matches SELECT ?, key, ? FROM chosen",
                    (alert.name, clock.now()),
                )
        fields = {name: value for name, value in alert._asdict().items() if value is not None}
        del fields["name"]
        settings.put(self._directory, _SECTION, alert.name, fields)
        return many

    def remove(self, name: str) -> None:
        """Forget an alert, and for what it has acted.

        Raises:
            UsageError: There is none of this name.
        """
        self._named(name)
        settings.drop(self._directory, _SECTION, name)
        with transaction(self._connection):
            self._forget(name)

    def test(self, name: str) -> str:
        """Act for the newest match, and write nothing down; the match's id.

        Raises:
            UsageError: There is no such alert.
            ConvarchiveError: It failed, or nothing matches.
        """
        alert = self._named(name)
        node = self._parse(alert.query)
        found = reader.Reader(self._connection, self._directory).search(
            node, limit=1, sort="newest"
        )
        hits = assembled(self._connection, node, found.hits)
        if not hits:
            raise ConvarchiveError(f"Nothing matches @{name} yet, so there is nothing to try.")
        self._deliver(alert, node, hits[0])
        return hits[0].conversation.id

    def run(self, stop: threading.Event | None = None) -> list[Outcome]:
        """Act for every new match of every alert.

        Args:
            stop: Set it to end after what is under way.
        """
        return [
            self._run(alert, stop or threading.Event()) for alert in read(self._directory).values()
        ]

    def _run(self, alert: Alert, stop: threading.Event) -> Outcome:
        delivered = failures = 0
        error: ConvarchiveError | None = None
        try:
            node = self._parse(alert.query)
            keys = self._new(alert, node)
        except ConvarchiveError as wrong:
            return Outcome(alert.name, 0, 0, wrong)
        for key, hit in self._hits(node, keys):
            if stop.is_set() or failures >= _IN_A_ROW:
                break
            try:
                self._deliver(alert, node, hit)
            except _Failed as failed:
                error = failed
                failures += 1
                continue
            failures = 0
            delivered += 1
            with transaction(self._connection):
                self._connection.execute(
                    "INSERT INTO alert_matches VALUES (?, ?, ?)", (alert.name, key, clock.now())
                )
        return Outcome(alert.name, delivered, len(keys) - delivered, error)

    def _new(self, alert: Alert, node: tree.Node) -> list[int]:
        """What matches and was not acted for, oldest first."""
        self._choose(node)
        found = self._connection.execute(
            "SELECT c.key FROM chosen JOIN conversations AS c USING (key) WHERE c.key NOT IN"
            " (SELECT conversation FROM alert_matches WHERE alert = ?)"
            " ORDER BY rtrim(c.started_at, 'Z'), c.source, c.id",
            (alert.name,),
        )
        return [key for (key,) in found]

    def _hits(self, node: tree.Node, keys: list[int]) -> Iterator[tuple[int, Hit]]:
        for at in range(0, len(keys), _AT_A_TIME):
            batch = [reader.Hit(key, 0.0) for key in keys[at : at + _AT_A_TIME]]
            hits = assembled(self._connection, node, batch)
            yield from zip((hit.key for hit in batch), hits, strict=True)

    def _choose(self, node: tree.Node) -> int:
        """All that match, into the table ``chosen``."""
        keys = reader.Reader(self._connection, self._directory).keys(node)
        facets.choose(self._connection, keys)
        return len(keys)

    def _forget(self, name: str) -> None:
        self._connection.execute("DELETE FROM alert_matches WHERE alert = ?", (name,))

    def _named(self, name: str) -> Alert:
        known = read(self._directory)
        if name not in known:
            raise _unknown("alert", name, known, "convarchive alert")
        return known[name]

    def _deliver(self, alert: Alert, node: tree.Node, hit: Hit) -> None:
        document = {
            "schema": "convarchive.alert/1",
            "alert": alert.name,
            "query": to_text(node),
            "archive": self._directory.absolute().name,
            "conversation": hit_row(hit),
        }
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        if alert.webhook is not None:
            self._post(alert, alert.webhook, body)
        else:
            _execute(alert, body)

    def _post(self, alert: Alert, url: str, body: bytes) -> None:
        import httpx

        if self._client is None:
            self._client = httpx.Client(timeout=_SECONDS["webhook"], follow_redirects=False)
        headers = {"Content-Type": "application/json", "User-Agent": "convarchive"}
        try:
            # What is answered is not read: only whether it was taken counts.
            with self._client.stream("POST", url, content=body, headers=headers) as answer:
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not what it says: the URL is in it.
            raise _Failed(f"{alert.does} cannot be reached.", f"{type(error).__name__}.") from None
        if not 200 <= status < 300:
            raise _Failed(f"{alert.does} answered with {status}.")


def _execute(alert: Alert, body: bytes) -> None:
    command = shlex.split(alert.exec or "")
    try:
        done = subprocess.run(  # noqa: S603 - it is the owner's own command
            command, input=body, capture_output=True, timeout=_SECONDS["exec"], check=False
        )
    except subprocess.TimeoutExpired:
        raise _Failed(f"{command[0]} did not end in {_SECONDS['exec']} seconds.") from None
    except (OSError, ValueError) as error:
        raise _Failed(f"{command[0]} cannot be run.", f"{error}.") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _Failed(f"{command[0]} ended with {done.returncode}.", said[-1][:200] if said else "")


def _unknown(what: str, name: str, known: dict[str, Any], hint: str) -> UsageError:
    near = nearest(name, known)
    hint = f"Did you mean @{near}?" if near else f"See: {hint}"
    return UsageError(f"There is no {what} {name!r}.", "", hint)
