"""Holds, floors, ceilings and requests for erasure, in every combination.

What should happen is worked out here anew, in whole days, by nothing of the program. In every
combination nothing held or under a floor is destroyed, everything due and free is, and what was
announced is what happened.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.store.conversations import call, received

from convarchive import Archive
from convarchive.compliance.certificate import path as certificate
from convarchive.errors import NotFound, Protected
from convarchive.index import writer
from convarchive.store import clock, mirror
from convarchive.store.database import transaction
from convarchive.store.ingest import ingest

AGENTS = ("red", "green", "blue")
SPANS = (
    (None, 10), (None, 100), (None, 1000), (10, None), (100, None), (1000, None), (10, 10),
    (10, 100), (10, 1000), (100, 1000),
)  # fmt: skip
"""What may be kept, and when it must go."""


class Call(NamedTuple):
    """A conversation, in days before now; its end is None where the vendor does not tell it."""

    agent: str
    started: int
    ended: int | None
    seen: int
    in_progress: bool


class Hold(NamedTuple):
    """By an agent's name, or by the numbers of calls."""

    agent: str | None
    numbers: frozenset[int]
    released: bool


class Rule(NamedTuple):
    """Spans in days; a rule of no agent is for all."""

    agent: str | None
    keep: int | None
    delete_after: int | None
    base: str


class World(NamedTuple):
    """All of it."""

    calls: list[Call]
    holds: list[Hold]
    rules: list[Rule]
    request: list[int]
    late: int
    """So many of the calls come after the holds were placed, and are not indexed yet."""


def worlds() -> st.SearchStrategy[World]:
    """Few of each, so that they meet."""
    days = st.sampled_from((5, 50, 500, 5000))
    calls = st.builds(
        Call, st.sampled_from(AGENTS), days, st.none() | days, days,
        st.sampled_from((False, False, True)),
    )  # fmt: skip
    numbers = st.frozensets(st.integers(0, 6), max_size=2)
    agents = st.none() | st.sampled_from(AGENTS)
    spans = st.sampled_from(SPANS)
    rules = st.builds(
        lambda agent, spans, base: Rule(agent, *spans, base),
        agents, spans, st.sampled_from(("end", "start", "sync")),
    )  # fmt: skip
    return st.builds(
        World,
        st.lists(calls, min_size=3, max_size=7),
        st.lists(st.builds(Hold, agents, numbers, st.booleans()), max_size=3),
        st.lists(rules, max_size=3),
        st.lists(st.integers(0, 5), min_size=1, max_size=2),
        st.integers(0, 7),
    )


def base(one: Call, name: str) -> int | None:
    """From how many days before now a span is counted."""
    return {"start": one.started, "end": one.ended, "sync": one.seen}[name]


def held(world: World, number: int) -> bool:
    """Whether an active hold protects it."""
    agent = world.calls[number].agent
    return any(
        not hold.released and (number in hold.numbers or hold.agent == agent)
        for hold in world.holds
    )


def mine(world: World, number: int) -> list[Rule]:
    """The rules that it is under."""
    return [rule for rule in world.rules if rule.agent in (None, world.calls[number].agent)]


def floored(world: World, number: int) -> bool:
    """Whether a floor has not passed, or nobody can tell."""
    for rule in mine(world, number):
        since = base(world.calls[number], rule.base)
        if rule.keep and (since is None or since < rule.keep):
            return True
    return False


def due(world: World, number: int) -> bool | None:
    """Whether a ceiling has passed; None where nobody can tell."""
    ceilings = [rule for rule in mine(world, number) if rule.delete_after]
    passed = [(base(world.calls[number], r.base), r.delete_after or 0) for r in ceilings]
    if any(since is not None and since > span for since, span in passed):
        return True
    return None if any(since is None for since, _ in passed) else False


def free(world: World, number: int) -> bool:
    """Whether nothing is against its destruction by a rule."""
    return not (held(world, number) or floored(world, number) or world.calls[number].in_progress)


@contextmanager
def built(world: World) -> Iterator[Archive]:
    """An archive of it."""
    with tempfile.TemporaryDirectory() as place, Archive.create(Path(place) / "archive") as made:
        early = max(0, len(world.calls) - world.late)
        _store(made, world, range(early), indexed=True)
        for number, hold in enumerate(world.holds):
            ids = [name(each) for each in hold.numbers if each < early]
            if hold.agent or ids:
                query = f"agent:{hold.agent}" if hold.agent else None
                made.place_hold(f"hold {number}", query=query, ids=ids, reason="suit")
                if hold.released:
                    made.release_hold(f"hold {number}", reason="settled")
        for number, rule in enumerate(world.rules):
            spans = {"keep": rule.keep, "delete_after": rule.delete_after}
            table = {each: f"{days}d" for each, days in spans.items() if days}
            query = f"agent:{rule.agent}" if rule.agent else "*"
            made.set_retention(f"rule-{number}", {"query": query, "from": rule.base, **table})
        _store(made, world, range(early, len(world.calls)), indexed=False)
        yield made


def name(number: int) -> str:
    """The id of a call."""
    return f"conv_{number}"


def _store(archive: Archive, world: World, numbers: Sequence[int], *, indexed: bool) -> None:
    now = datetime.now(UTC)
    told = {number: world.calls[number] for number in numbers}
    with archive.writing("test") as connection:
        with transaction(connection):
            mirror.add_source(connection, "ayra", "ayra", clock.now())
            for number, one in told.items():
                conversation = call(
                    name(number), agent_id=one.agent, duration=None,
                    started_at=clock.text(now - timedelta(days=one.started)),
                    ended_at=one.ended and clock.text(now - timedelta(days=one.ended)),
                    status="in_progress" if one.in_progress else "completed",
                )  # fmt: skip
                seen = clock.text(now - timedelta(days=one.seen))
                ingest(connection, [received(conversation, name(number), seen)])
        if indexed:
            writer.catch_up(connection, archive.directory)


def there(archive: Archive) -> set[str]:
    """The ids of what is stored."""
    return {conversation.id for conversation in archive.list("", limit=0)}


def adjusted(world: World) -> World:
    """Holds by number reach only what is there when they are placed."""
    early = max(0, len(world.calls) - world.late)
    holds = [
        hold._replace(numbers=frozenset(each for each in hold.numbers if each < early))
        for hold in world.holds
    ]
    return world._replace(holds=holds)


def check(world: World) -> None:
    """Apply the rules, then answer the request."""
    world = adjusted(world)
    numbers = range(len(world.calls))
    with built(world) as archive:
        plan = archive.plan_retention()
        expected = {name(n) for n in numbers if due(world, n) and free(world, n)}
        stays = {name(n) for n in numbers if due(world, n) is not False} - expected
        assert {each.conversation.id for each in plan.goes} == expected
        assert {each.conversation.id for each in plan.stays} == stays
        assert all(each.against for each in plan.stays)
        done = archive.apply_retention(plan)
        assert (done.conversations if done else 0) == len(expected)
        left = {name(n) for n in numbers} - expected
        assert there(archive) == left
        event(f"destroyed: {bool(expected)}, held back: {bool(stays)}")
        _request(archive, world, left)
        runs = archive._connection().execute("SELECT disposal, finished_at FROM disposals")
        for number, finished_at in runs.fetchall():
            assert finished_at
            assert certificate(archive.directory, number, ".json").exists()


def _request(archive: Archive, world: World, left: set[str]) -> None:
    """Somebody asks for some of them to be erased: all or nothing."""
    wanted = {name(number) for number in world.request}
    try:
        plan = archive.plan_erasure(sorted(wanted))
        archive.erase(plan, reason="a request")
    except NotFound:
        assert wanted - left
        event("request: not there")
    except Protected:
        assert any(held(world, n) or floored(world, n) for n in world.request)
        event("request: protected")
    else:
        assert wanted <= left
        assert not any(held(world, n) or floored(world, n) for n in world.request)
        event("request: erased")
        left = left - wanted
    assert there(archive) == left


@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_in_some_combinations(world: World) -> None:
    """A sample of what the slow test does often."""
    check(world)


@pytest.mark.slow
@hypothesis_settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_in_many_combinations(world: World) -> None:
    """Nothing protected goes, everything due and free does, and it is what was announced."""
    check(world)
