"""Several keys of one account are several budgets; the day's is counted here."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from tests.sources.script import Reply, Script, reply

from convarchive.errors import BudgetSpent, Interrupted, SettingsError
from convarchive.sources.http import Client
from convarchive.sources.keyring import Key, Keyring, Spent
from convarchive.sources.pace import ROUNDING, Waiter

ONE, TWO = Key("ONE", "sk_live_one_0123456789"), Key("TWO", "sk_live_two_0123456789")


def ring(*keys: Key, waiter: Waiter | None = None, **options: object) -> Keyring:
    """These keys."""
    return Keyring(keys or (ONE, TWO), waiter or Waiter(threading.Event()), **options)  # type: ignore[arg-type]


def left(requests: int) -> dict[str, str]:
    """The headers of an answer after which so many requests are left for half a minute."""
    return {
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": str(requests),
        "x-ratelimit-reset": str(time.time() + 30),
    }


def day() -> str:
    """Today, by UTC."""
    return ring().spent()[0].day


def test_in_turn() -> None:
    """Every key makes as many requests as the others."""
    keys = ring()
    assert Counter(keys.take().secret for _ in range(10)) == {ONE.secret: 5, TWO.secret: 5}
    assert {(spent.key, spent.requests) for spent in keys.spent()} == {("ONE", 5), ("TWO", 5)}


def test_a_key_that_must_wait(impatient: Waiter) -> None:
    """Is passed over while another need not; when all must, it is waited for the first."""
    keys = ring(waiter=impatient)
    lane = keys.take()
    lane.give_back(left(0))
    other = next(key for key in (ONE, TWO) if key.secret != lane.secret)
    assert {keys.take().secret for _ in range(5)} == {other.secret}
    keys.take().give_back(left(0))
    with pytest.raises(Interrupted):
        keys.take()
    ((reason, seconds),) = impatient.told  # type: ignore[attr-defined]
    assert reason == "the vendor's rate limit"
    assert 20 < seconds <= 30 + ROUNDING


def test_the_days_budget() -> None:
    """Of each key by itself; when all are spent there is no waiting, it is said."""
    keys = ring(per_day=3)
    assert Counter(keys.take().secret for _ in range(6)) == {ONE.secret: 3, TWO.secret: 3}
    with pytest.raises(BudgetSpent, match="tomorrow"):
        keys.take()
    assert {spent.requests for spent in keys.spent()} == {3}


def test_what_an_earlier_run_has_spent() -> None:
    """Today counts; what was spent on another day, or by another key, does not."""
    spent = [
        Spent("ONE", day(), 2),
        Spent("TWO", "2020-01-01", 3),
        Spent("THREE", day(), 3),
    ]
    keys = ring(per_day=3, spent=spent)
    assert Counter(keys.take().secret for _ in range(4)) == {ONE.secret: 1, TWO.secret: 3}
    with pytest.raises(BudgetSpent):
        keys.take()


def test_no_limit_of_the_day() -> None:
    """Counts and refuses nothing."""
    keys = ring(ONE, spent=[Spent("ONE", day(), 1_000_000)])
    for _ in range(100):
        keys.take()
    assert keys.spent() == [Spent("ONE", day(), 1_000_100)]


def test_every_key_is_blotted_out() -> None:
    """Whichever of them it was that a server repeats."""
    body = f"{ONE.secret} and {TWO.secret}".encode()
    assert ring().without_keys(body) == b"*** and ***"


def test_what_is_too_short_to_be_a_key() -> None:
    """Is not blotted out: it would stand in any text."""
    assert ring(Key("ONE", "a")).without_keys(b"a banana") == b"a banana"


def test_one_bad_key_of_several() -> None:
    """Is refused before any is used, and none is shown."""
    with pytest.raises(SettingsError) as caught:
        ring(ONE, Key("TWO", "two words"))
    assert "two words" not in str(caught.value)


def test_both_are_sent(script: Script) -> None:
    """Each request has one of them, and a rate limit of one does not hold up the other."""
    limited = Reply(b"{}", 200, left(0))
    script.on(
        "/x",
        lambda asked: limited if asked.headers["Authorization"].endswith(ONE.secret) else reply({}),
    )
    waiter = Waiter(threading.Event())
    client = Client(script.url, Keyring([ONE, TWO], waiter), waiter)
    for _ in range(10):
        client.get("/x")
    client.close()
    sent = Counter(asked.headers["Authorization"] for asked in script.asked)
    assert sent == {f"Bearer {ONE.secret}": 1, f"Bearer {TWO.secret}": 9}
    assert client.waited == 0
