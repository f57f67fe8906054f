"""The fast way to read a detail, beside the one that takes whatever there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.sources.ayra_payloads import DOCUMENTED

from convarchive.errors import UnexpectedAnswer
from convarchive.sandbox.generator import Generator
from convarchive.sources import ayra_regular
from convarchive.sources.ayra import normalise_any
from convarchive.sources.ayra_names import DETAIL, GROUPS, MESSAGE, TURNS

CALLS = Path(__file__).parents[2] / "data" / "conversations"

Members = list[tuple[str, str]]
"""Of a JSON object: names, one of them perhaps twice, with values as they are written."""


def written(members: Members) -> str:
    """That object."""
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members) + "}"


def agree(detail: bytes) -> bool:
    """Whether the fast way reads it; if it does, the other way reads the same in it."""
    fast = ayra_regular.normalise("ayra", detail)
    if fast is None:
        return False
    # By what is written: 1 and 1.0 are equal, and so are 0.0 and -0.0.
    assert repr(fast) == repr(normalise_any("ayra", {"detail": detail}))
    return True


NUMBERS = st.one_of(
    st.sampled_from([
        "0", "-0", "-0.0", "1e0", "0.1", "1E5", "1e999", "-1e999", "1e-400", "4.9e-324", "1e9",
        "-1e9", "999999999.9999999", "0.0005", "9007199254740993", "18446744073709551616",
        "123456789012345678901234567890", "1768471200", "0.1000000000000000055511151231257827",
        "2.675", "1.0000000000000002",
    ]),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**70), 2**70).map(str),
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from([
        "", " ", "agent", "Caller 2", "completed", "No Answer", "2026-01-15T10:00:00Z", "12.5",
        "2026-01-15T10:00:00.5+02:00", "1768471200", "{}",
    ]),
    st.text(max_size=5),
).map(json.dumps)  # fmt: skip
ODD = st.sampled_from([r'"\ud800"', '"\\u0000"', "NaN", "Infinity", "tru", '"\t"', "-", "01", ""])
VALUES = st.recursive(
    st.one_of(st.sampled_from(["null", "null", "true", "false"]), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda items: f"[{','.join(items)}]"),
        st.lists(
            st.tuples(st.sampled_from(["label", "url", "id", "x", *TURNS]), inner), max_size=2
        ).map(written),
    ),
    max_leaves=4,
)
SECONDS = st.floats(-10, 1e5).map(lambda at: repr(round(at, 4)))


def objects(regular: dict[str, st.SearchStrategy[str]], others: list[str]) -> Any:
    """Regular ones, of which some are spoilt in a place or two."""
    spoilt = st.lists(
        st.tuples(st.sampled_from([*regular, *others]), st.one_of(VALUES, ODD)), max_size=1
    )
    return st.tuples(
        st.tuples(*(st.tuples(st.just(name), value) for name, value in regular.items())),
        st.one_of(st.just([]), st.just([]), spoilt),
        st.sets(st.sampled_from(list(regular)), max_size=1),
    ).map(lambda made: written([m for m in made[0] if m[0] not in made[2]] + made[1]))


MESSAGES = objects(
    {
        "speaker": TEXTS, "text": TEXTS, "timestamp": st.one_of(SECONDS, NUMBERS),
        "duration": st.one_of(SECONDS, NUMBERS), "confidence": st.one_of(NUMBERS, st.just("null")),
    },
    [name for names in MESSAGE for name in names],
)  # fmt: skip
SPOKEN = objects(
    {
        "messages": st.lists(MESSAGES, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        "language": TEXTS,
    },
    list(TURNS),
)
TEXT_OR_NULL = st.one_of(TEXTS, st.just("null"))
LISTS = st.lists(TEXTS, max_size=3).map(lambda items: f"[{','.join(items)}]")
DETAILS = objects(
    {
        **dict.fromkeys(
            ("start_time", "end_time", "status", "language", "summary", "recording_url",
             "recording", "intent", "voice_platform"),
            TEXT_OR_NULL,
        ),
        "id": st.one_of(st.just('"a"'), TEXTS),
        "duration": st.one_of(NUMBERS, st.just("null")),
        "topics": LISTS,
        "actions": st.lists(VALUES, max_size=2).map(lambda items: f"[{','.join(items)}]"),
        "satisfaction": VALUES,
        "transcript": st.one_of(SPOKEN, SPOKEN, st.just("null")),
    },
    [*GROUPS, *(name for names in DETAIL for name in names), "data", "conversation", "other"],
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@example('{"id":"a","duration":-0}')
@example('{"id":"a","duration":123456789012345678901234567890}')
@example('{"id":"a","duration":1e999}')
@example('{"id":"","call_id":"b"}')
@example('{"id":"a","metadata":{"language":"de"}}')
@example('{"id":"a","data":{"id":"b"}}')
@example('{"id":"a","transcript":{"messages":null,"text":"agent: hello"}}')
@example('{"id":"a","recording_url":"","recording":"x"}')
@given(DETAILS)
def test_both_ways_say_the_same(detail: str) -> None:
    """Whatever a payload holds, what the fast way reads in it the other one reads as well."""
    agree(detail.encode())


@pytest.mark.parametrize("name", [*GROUPS, *(name for names in DETAIL for name in names[1:])])
def test_another_name_is_not_passed_over(name: str) -> None:
    """Each name by which a fact can be told counts, or the fast way lets go of the payload."""
    for value in ('"2026-01-15T10:00:00Z"', "7", '{"language":"de"}', '["a"]'):
        agree(f'{{"id":"a","{name}":{value}}}'.encode())


@pytest.mark.parametrize("name", [name for names in MESSAGE for name in names])
def test_another_name_in_a_turn(name: str) -> None:
    """The same in a turn."""
    turn = {"speaker": "agent", "text": "a", "timestamp": 1, "duration": 2}
    for value in (5, "words", None):
        agree(json.dumps({"id": "a", "transcript": {"messages": [turn | {name: value}]}}).encode())


def test_what_is_documented_is_regular() -> None:
    """The payload of Ayra's documentation is read the fast way; so is what the sandbox makes."""
    assert agree(json.dumps(DOCUMENTED).encode())
    made = Generator(300, seed=3)
    assert all(agree(json.dumps(made.payload(number)).encode()) for number in range(300))


def test_the_calls_that_come_along() -> None:
    """Every call of the project's own data, whichever way it is read."""
    for path in CALLS.glob("*.json"):
        for call in json.loads(path.read_text(encoding="utf-8")):
            agree(json.dumps(call).encode())


def test_what_no_way_can_read() -> None:
    """Where there is no conversation, neither finds one."""
    for detail in (b"", b"[]", b"{}", b'{"id":""}', b'{"id":"a"', b"\xff"):
        assert not agree(detail)
        with pytest.raises(UnexpectedAnswer):
            normalise_any("ayra", {"detail": detail})
