"""The day's budget of requests survives a restart, and its end is no loss."""

from __future__ import annotations

import pytest
from tests.conftest import KEY_VARIABLE
from tests.sync.vendor import moment, payload

from convarchive import Archive, settings
from convarchive.errors import BudgetSpent
from convarchive.sandbox import Sandbox


def limit(archive: Archive, requests: int, *variables: str) -> None:
    """Let each of these keys make so many requests a day."""
    source = settings.sources(archive.directory)["ayra"]
    settings.remove_source(archive.directory, "ayra")
    named = variables or (KEY_VARIABLE,)
    settings.add_source(
        archive.directory, source._replace(requests_per_day=requests, api_key_env=named)
    )


def spent(archive: Archive) -> dict[str, int]:
    """Requests by key, as they are written down."""
    return dict(archive._connection().execute("SELECT key, requests FROM budgets"))


@pytest.fixture
def filled(mirrored: Archive, account: Sandbox) -> Archive:
    """An empty mirror of an account with twenty conversations."""
    for number in range(20):
        account.upstream.put(payload(f"conv_{number:02}", moment(minutes=number)))
    return mirrored


def test_the_budget_ends(filled: Archive, account: Sandbox) -> None:
    """What came is stored, nothing is a problem, and not one request is made beyond it."""
    limit(filled, 8)
    (report,) = filled.sync().sources
    assert isinstance(report.error, BudgetSpent)
    assert (report.new, report.problems, report.complete) == (7, 0, False)
    assert report.requests == sum(account.requests.values()) == 8
    assert spent(filled) == {KEY_VARIABLE: 8}
    assert len(filled.list(limit=0)) == 7


def test_it_is_not_forgotten(filled: Archive, account: Sandbox) -> None:
    """The next run, the same day, asks for nothing."""
    limit(filled, 8)
    filled.sync()
    account.requests.clear()
    (report,) = filled.sync().sources
    assert isinstance(report.error, BudgetSpent)
    assert sum(account.requests.values()) == 0
    assert len(filled.list(limit=0)) == 7


def test_another_day(filled: Archive) -> None:
    """Goes on where it was, until everything is there."""
    limit(filled, 8)
    for _ in range(10):
        if filled.sync().complete:
            break
        with filled.writing("test") as connection:
            connection.execute("DELETE FROM budgets WHERE day = '2020-01-01'")
            connection.execute("UPDATE budgets SET day = '2020-01-01'")
    assert len(filled.list(limit=0)) == 20


def test_two_keys(filled: Archive, account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are two budgets; the names of the keys are written down, the keys are not."""
    monkeypatch.setenv("KEY_1", "sk_test_first_0123456789")
    monkeypatch.setenv("KEY_2", "sk_test_second_0123456789")
    limit(filled, 8, "KEY_1", "KEY_2")
    (report,) = filled.sync().sources
    assert isinstance(report.error, BudgetSpent)
    assert report.requests == sum(account.requests.values()) == 16
    assert spent(filled) == {"KEY_1": 8, "KEY_2": 8}
    assert "sk_test" not in "".join(filled._connection().iterdump())


def test_every_request_is_counted(filled: Archive, account: Sandbox) -> None:
    """Also those that bring nothing: the second sync's, and the look at calls in progress."""
    account.upstream.put(payload("conv_running", moment(days=-10), status="in_progress"))
    for _ in range(3):
        filled.sync()
    assert spent(filled) == {KEY_VARIABLE: sum(account.requests.values())}
