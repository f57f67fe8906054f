"""What the tests of sources start from: a scripted server, and clients for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from convarchive.sources.ayra import Ayra
from convarchive.sources.http import Client
from convarchive.sources.keyring import Key, Keyring
from convarchive.sources.pace import Waiter

pytest.register_assert_rewrite("tests.sources.contract")

from tests.sources.script import Script  # noqa: E402 - the line above has to come first

KEY = "sk_test_7fJq0Zt4Wm9RbXc2"

Connect = Callable[..., Client]


@pytest.fixture
def script() -> Iterator[Script]:
    """A server that answers 404 until it is told otherwise."""
    with Script() as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients; they are closed at the end."""
    made: list[Client] = []

    def connect(url: str, key: str = KEY, waiter: Waiter | None = None) -> Client:
        waiting = waiter or Waiter(threading.Event())
        made.append(Client(url, Keyring([Key("VAR", key)], waiting), waiting))
        return made[-1]

    yield connect
    for client in made:
        client.close()


@pytest.fixture
def ayra(script: Script, connect: Connect) -> Ayra:
    """A source whose vendor is the scripted server."""
    return Ayra("ayra", connect(script.url))


class Impatient(Waiter):
    """Writes down what it would have waited for, and ends there as if the user had stopped it."""

    def __init__(self) -> None:
        super().__init__(threading.Event(), self._told)
        self.told: list[tuple[str, float]] = []

    def _told(self, reason: str, seconds: float) -> None:
        if reason:
            self.told.append((reason, seconds))
            self.stop.set()


@pytest.fixture
def impatient() -> Impatient:
    """A waiter that never waits long."""
    return Impatient()
