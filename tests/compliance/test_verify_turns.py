"""Turns are compared many at once, and what differs is still told conversation by conversation."""

from __future__ import annotations

import math
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from convarchive.compliance.verify.turns import Turns
from convarchive.model import Turn
from convarchive.store import rows, schema


def turn(position: int, text: str = "words", start: float | None = 1.5) -> Turn:
    """One of them."""
    return Turn(position, "agent", "agent", text, start, None, 0.5)


@pytest.fixture(scope="module")
def connection() -> sqlite3.Connection:
    """A database with the tables, and no rows that turns belong to."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrations().apply(Database(connection))
    return connection


def different(
    connection: sqlite3.Connection, stored: dict[int, list[Turn]], told: dict[int, list[Turn]]
) -> dict[int, int]:
    """What differs where these are stored."""
    connection.execute("DELETE FROM turns")
    for key, turns in stored.items():
        marks = ",".join("?" * 8)
        connection.executemany(f"INSERT INTO turns VALUES ({marks})", rows.turn_rows(key, turns))
    return Turns(connection, "IN (1, 2, 3)").different(told)


def test_a_turn_of_another_conversation(connection: sqlite3.Connection) -> None:
    """One that was moved to the next conversation is missed in one and too much in the other,
    although one after the other they are the same."""
    told = {1: [turn(0), turn(1)], 2: []}
    assert different(connection, told, told) == {}
    assert different(connection, {1: [turn(0)], 2: [turn(1)]}, told) == {1: 1, 2: 1}


def test_the_last_bit_of_a_number(connection: sqlite3.Connection) -> None:
    """No place of a turn is too small to be seen, and nothing is not zero."""
    told = {1: [turn(0, start=4.28), turn(1, start=0.0)]}
    first, second = told[1]
    nearly = turn(0, start=math.nextafter(4.28, 5))
    assert different(connection, {1: [nearly, second]}, told) == {1: 1}
    assert different(connection, {1: [first, turn(1, start=None)]}, told) == {1: 1}


def test_those_that_cannot_be_read_are_left_out(connection: sqlite3.Connection) -> None:
    """Turns of a conversation of which it is not known what they should be are no difference, and
    hide none."""
    stored = {1: [turn(0)], 2: [turn(0, "x")], 3: [turn(0)]}
    assert different(connection, stored, {1: [turn(0)], 3: [turn(0)]}) == {}
    assert different(connection, stored, {1: [turn(0)], 3: [turn(0, "y")]}) == {3: 1}


TURNS = st.dictionaries(
    st.sampled_from([1, 2, 3]),
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([0.0, 0.1, None])), max_size=3).map(
        lambda said: [turn(at, *each) for at, each in enumerate(said)]
    ),
)


@given(TURNS, TURNS)
def test_as_one_by_one(
    connection: sqlite3.Connection, stored: dict[int, list[Turn]], told: dict[int, list[Turn]]
) -> None:
    """At once comes to what comparing each conversation by itself does."""
    expected = {
        key: many
        for key, turns in told.items()
        if (many := sum(
            one != other
            for one, other in zip(
                turns + [None] * 3, stored.get(key, []) + [None] * 3, strict=False
            )
        ))
    }  # fmt: skip
    assert different(connection, stored, told) == expected
