"""From bytes to JSON values, however broken, and from those to a fingerprint."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convarchive.errors import UnexpectedAnswer
from convarchive.sources.payload import DEEPEST, decode, fingerprint

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_what_is_json_is_read_as_json(value: Any) -> None:
    """As Python's own reader does."""
    assert decode(json.dumps(value).encode()) == value
    assert decode(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\xff\xfe"}', {"a": "\ufffd\ufffd"}),
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),
        (b'{"a": "\\ud800"}', {"a": "\ufffd"}),
        (b'{"\\udfff": [{"b": "x\\ud83dy"}]}', {"\ufffd": [{"b": "x\ufffdy"}]}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": NaN, "b": Infinity, "c": -Infinity}', {"a": None, "b": None, "c": None}),
        (b'{"a": 1e999, "b": -1e999, "c": 1e-999}', {"a": None, "b": None, "c": 0.0}),
        (b'{"a": NaN, "b": 1e999}', {"a": None, "b": None}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b'{"a": ' + b"9" * 9000 + b"}", {"a": None}),
        (b'{"a": "\\u0000"}', {"a": "\0"}),
        (b'{"a": "\x00\x01\n\t"}', {"a": "\0\1\n\t"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b" \r\n null \n", None),
    ],
)
def test_broken_bytes_cost_nothing(body: bytes, value: Any) -> None:
    """What can be understood is, and what can't becomes null or a replacement character."""
    assert decode(body) == value


@pytest.mark.parametrize("body", [b"", b" ", b"\0", b"{", b"[1,]", b"<html>", b"{'a': 1}", b"\xff"])
def test_what_is_no_json(body: bytes) -> None:
    """Is refused, with the bytes, and with their beginning in the message."""
    with pytest.raises(UnexpectedAnswer, match="It begins: ") as caught:
        decode(body)
    assert caught.value.body == body


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()[1:]))
def test_no_bytes_are_fatal(body: bytes) -> None:
    """Any bytes give a value that can be written as UTF-8, or the one error that is for them."""
    try:
        value = decode(body)
    except UnexpectedAnswer:
        return
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    fingerprint(value)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth(opening: bytes) -> None:
    """To a hundred deep there is a fingerprint; beyond it, and beyond any measure, an error."""
    closing = b"]" if opening == b"[" else b"}"
    assert fingerprint(decode(opening * DEEPEST + b"1" + closing * DEEPEST))
    for depth in (DEEPEST + 1, 500, 900, 5_000, 200_000):
        with pytest.raises(UnexpectedAnswer):
            fingerprint(decode(opening * depth + b"1" + closing * depth))


@settings(deadline=None)
@given(JSON)
def test_a_fingerprint_has_no_memory(value: Any) -> None:
    """It depends on the value alone: not on the order of keys, and not on how it was written."""

    def turned(one: Any) -> Any:
        if isinstance(one, dict):
            return {name: turned(one[name]) for name in reversed(one)}
        return [turned(item) for item in one] if isinstance(one, list) else one

    again = decode(json.dumps(turned(value), indent=1).encode())
    assert fingerprint(again) == fingerprint(value)


@settings(deadline=None)
@given(
    st.lists(JSON, min_size=2, max_size=2, unique_by=lambda one: json.dumps(one, sort_keys=True))
)
def test_different_values_differ(values: list[Any]) -> None:
    """But for links, which nothing here is named as, and 1 and 1.0, which are the same number."""
    one, other = values
    assume(not re.search("url|uri|link|recording|audio", json.dumps(values), re.IGNORECASE))
    assert (fingerprint(one) == fingerprint(other)) <= (one == other)


@pytest.mark.parametrize(
    "name", ["recording_url", "url", "audioUrl", "download_link", "uri", "recording", "audio"]
)
def test_links_count_as_there_or_not(name: str) -> None:
    """Whatever they are called."""
    links = [{name: "https://a/?s=1"}, {name: "https://a/?s=2"}, {name: None}, {name: ""}, {}]
    first, again, none, empty, absent = (fingerprint({"id": "a", **link}) for link in links)
    assert first == again
    assert first != none == empty
    assert none != absent


@pytest.mark.parametrize("name", ["expires_at", "url_expiry", "signature", "signed_until", "token"])
def test_what_stands_beside_a_link(name: str) -> None:
    """And names an expiry, a signature or a token, is as volatile as the link."""
    assert fingerprint({"url": "a", name: 1}) == fingerprint({"url": "a", name: 2})
    assert fingerprint({name: 1}) != fingerprint({name: 2})


def test_a_link_that_is_no_text() -> None:
    """An object under such a name is compared as any other."""
    assert fingerprint({"recording": {"bytes": 1}}) != fingerprint({"recording": {"bytes": 2}})


def test_a_url_that_was_said() -> None:
    """Is a word of the transcript, not a link."""
    one, other = ({"text": f"https://a.example/?order={n}"} for n in (1, 2))
    assert fingerprint([one]) != fingerprint([other])


def test_no_infinite_number_passes() -> None:
    """Not even one that is only infinite to Python, in either of the two readers."""
    for body in (b"[1e400]", b'[1e400, "\\ud800"]'):
        assert not any(isinstance(item, float) and math.isinf(item) for item in decode(body))
