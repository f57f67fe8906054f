"""Pages for a browser, in which nothing that was said is markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.export import Selection, Wishes, export
from convarchive.export.html import _row
from convarchive.export.markup import Markup, tag, text
from convarchive.export.page import page
from convarchive.model import ROLES, Conversation, Recording, Turn

Select = Callable[..., Selection]

HOSTILE = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "</script><script>alert(1)//",
            "</style><img src=x onerror=alert(1)>",
            '" onmouseover="alert(1)',
            "' autofocus onfocus='alert(1)",
            "javascript:alert(1)",
            "-->", "<!--", "]]>", "<!--rows-->", "&lt;b&gt;", "&#60;b&#62;", "\x00<b>", "\ud800",
            "</title><base href=//evil.example>", "\u202e\u2066", "a\r\n\x0b\u2028b", "\x1b[2J",
        ]
    ),
)  # fmt: skip
OPTIONAL = st.none() | HOSTILE
TURNS = st.lists(
    st.builds(
        Turn,
        st.just(0),
        HOSTILE,
        st.sampled_from(ROLES),
        HOSTILE,
        st.none() | st.floats(),
        st.none() | st.floats(),
    ),
    max_size=4,
).map(tuple)
TEXTS = ("started_at", "ended_at", "agent_id", "caller_number", "language", "summary", "sentiment",
         "intent", "outcome", "failure_reason", "abandonment_reason", "platform",
         "deleted_at_source")  # fmt: skip
ENCODED = HOSTILE.filter(lambda words: words != "\ud800")
"""What JSON can hold."""

CALLS = st.fixed_dictionaries(
    {
        "source": HOSTILE,
        "id": HOSTILE,
        "status": HOSTILE,
        "topics": st.lists(HOSTILE, max_size=2).map(tuple),
        "actions": st.lists(st.dictionaries(ENCODED, ENCODED, max_size=1), max_size=2).map(tuple),
        "recording": OPTIONAL.map(lambda kind: Recording(None, "ab" * 32, 1, kind)),
        "turns": TURNS,
        **dict.fromkeys(TEXTS, OPTIONAL),
    }
).map(lambda fields: Conversation(**fields))


class Skeleton(HTMLParser):
    """The markup of a page: its tags with their attributes, and the text that is between."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(document)
        self.close()

    # ruff: noqa: D102 - they are named by the parser

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", {}))

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", {}))

    def handle_pi(self, data: str) -> None:
        self.tags.append(("instruction", {}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def harmless(value: Any) -> Any:
    """The same with a letter for every text."""
    if isinstance(value, str):
        return "x"
    if isinstance(value, dict):
        return {harmless(key): harmless(each) for key, each in value.items()}
    if isinstance(value, Turn):
        return value._replace(speaker="x", text="x")
    return tuple(map(harmless, value)) if isinstance(value, tuple | list) else value


def without_texts(call: Conversation) -> Conversation:
    """A conversation of the same shape that says nothing."""
    fields = {
        name: harmless(getattr(call, name)) for name in (*TEXTS, "topics", "actions", "turns")
    }
    return call._replace(source="x", id="x", status="x", **fields)


def shape(document: str) -> list[tuple[str, dict[str, str | None]]]:
    """The tags with their attributes, but for the language, which is checked by itself."""
    return [
        (name, {key: value for key, value in attributes.items() if key != "lang"})
        for name, attributes in Skeleton(document).tags
    ]


@settings(deadline=None)
@given(CALLS, st.sampled_from([None, "conv.wav"]))
def test_what_is_said_is_never_markup(call: Conversation, sound: str | None) -> None:
    """A page has the tags and attributes of one on which nobody says anything but ``x``."""
    document = page(call, "archive", sound).decode()
    assert shape(document) == shape(page(without_texts(call), "archive", sound).decode())
    languages = {each.get("lang") for _, each in Skeleton(document).tags} - {None, ""}
    assert all(re.fullmatch(r"[A-Za-z0-9-]+", str(language)) for language in languages)


@settings(deadline=None)
@given(CALLS)
def test_nor_in_the_index(call: Conversation) -> None:
    """The same holds for a row of it."""
    assert shape(_row(call, "x.html")) == shape(_row(without_texts(call), "x.html"))


@given(HOSTILE)
def test_text_comes_out_as_it_went_in(words: str) -> None:
    """But for what controls a screen or the order of a line, and line breaks, which are alike."""
    shown = "".join(Skeleton(tag("p", words)).words)
    assert [len(line) for line in shown.split("\n")] == [
        len(line) for line in words.splitlines() or [""]
    ]
    plainly = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]", "", words)
    assert [c for c in shown if c in plainly] == list(plainly)


@given(HOSTILE)
def test_attributes_hold_what_they_were_given(words: str) -> None:
    """In one attribute."""
    ((_, attributes), _) = Skeleton(tag("p", class_=words)).tags
    assert attributes == {"class": "".join(Skeleton(text(words)).words)}


def test_only_markup_is_taken_as_it_is() -> None:
    """Which is what `tag` has made, never a text that looks like it."""
    inner = tag("b", "1 < 2")
    assert tag("p", inner, "<b>") == "<p><b>1 &lt; 2</b>&lt;b&gt;</p>"
    assert tag("p", str(inner) + "") == "<p>&lt;b&gt;1 &amp;lt; 2&lt;/b&gt;</p>"
    assert isinstance(inner, Markup)


def policy(document: str) -> dict[str, list[str]]:
    """What the page allows itself."""
    (content,) = (
        attributes["content"]
        for _, attributes in Skeleton(document).tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    return {name: values for name, *values in map(str.split, str(content).split(";"))}


@pytest.mark.parametrize("sound", [None, "conv_8f2kq1.wav"])
def test_the_page_allows_only_itself(sound: str | None, call: Conversation) -> None:
    """Its style and its script by their hashes; nothing from anywhere else is named."""
    document = page(call, "archive", sound).decode()
    rules = policy(document)
    assert rules["default-src"] == ["'none'"]
    for element, rule in (("style", "style-src"), ("script", "script-src")):
        for code in re.findall(f"<{element}>(.*?)</{element}>", document, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
            assert rules[rule] == [f"'sha256-{digest}'"]
    assert ("script-src" in rules) == ("<script>" in document) == (sound is not None)
    assert not re.search(r"https?:|//|url\(|@import", document)


def test_what_is_on_the_page(call: Conversation) -> None:
    """Who said what and when, the facts, the summary; the language of the call where it is said."""
    document = page(call._replace(language="he"), "archive", None).decode()
    words = Skeleton(document).words
    facts = ["conv_8f2kq1", "2026-01-15 10:42:00 UTC", "00:04:07", "+15550104477", "Agent"]
    facts += ["Charged twice; refunded.", "How can I help?", "00:00:05", '{"score":4}']
    assert set(facts) <= set(words)
    (turns,) = (attributes for name, attributes in Skeleton(document).tags if name == "ol")
    assert turns["lang"] == "he"


def test_the_reading_direction_is_that_of_each_text(call: Conversation) -> None:
    """Right to left where it begins so, whatever the others are."""
    tags = Skeleton(page(call, "archive", None).decode()).tags
    said = [attributes for name, attributes in tags if name == "p" and "dir" in attributes]
    assert [each["dir"] for each in said] == ["auto"] * (1 + len(call.turns))


def test_times_lead_into_the_recording(call: Conversation) -> None:
    """Links that work without a script, too; a turn without a time has none."""
    turns = (*call.turns, Turn(2, "agent", "agent", "Hm"))
    tags = Skeleton(page(call._replace(turns=turns), "archive", "conv_8f2kq1.wav").decode()).tags
    links = [each for name, each in tags if name == "a"]
    assert links == [
        {"href": "conv_8f2kq1.wav#t=0.0", "data-at": "0.0"},
        {"href": "conv_8f2kq1.wav#t=5.0", "data-at": "5.0"},
    ]
    assert [each["src"] for name, each in tags if name == "audio"] == ["conv_8f2kq1.wav"]


def test_a_page_a_conversation_and_an_index(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """The index links to every page, in their order; an id cannot take its place."""
    calls = [call, call._replace(id="index"), call._replace(id="<b>")]
    export(select(*calls, query='"<i>"'), "html", tmp_path / "out")
    entries = json.loads((tmp_path / "out" / "manifest.json").read_bytes())["conversations"]
    skeleton = Skeleton((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    links = [each["href"] for name, each in skeleton.tags if name == "a"]
    assert links == [entry["file"] for entry in entries]
    assert links[0] == "conv_8f2kq1.html"
    assert 'found by "<i>"' in "".join(skeleton.words)
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {*links, "index.html", "manifest.json"}


def test_the_player_is_there_when_the_sound_is(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Not where it is missing: the page says so."""
    selection = replace(select(call), wishes=Wishes(recordings=True))
    export(selection, "html", tmp_path / "out")
    document = (tmp_path / "out" / "conv_8f2kq1.html").read_text(encoding="utf-8")
    assert "<audio" not in document
    assert "not beside this page" in document
