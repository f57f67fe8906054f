"""A number is found however it is written or spoken, and its words are highlighted."""

from __future__ import annotations

import pytest

from convarchive import Archive

FULL = "+1 (555) 123-4567"


@pytest.fixture(scope="module")
def archive(shelve, call) -> Archive:
    """The same number in many writings, and others."""
    return shelve(
        call("written", f"customer: You can reach me at {FULL}."),
        call("joined", "agent: I have 5551234567 here."),
        call("local", "customer: It is 123-4567."),
        call("spoken", "customer: five five five one two three four five six seven"),
        call("double", "customer: triple five one two three, four five six seven"),
        call(
            "split",
            *("customer: it's five five five", "agent: mm-hm", "customer: one two three four"),
            *("agent: yes", "customer: five six seven"),
        ),
        call("other", "customer: five five five one two three four five six eight"),
        call("policy", "agent: Your policy is 4551, isn't it?"),
        call("digits", "customer: four double five one"),
        call("summarised", summary="Called back on 555 123 4567."),
    )


WHOLE = {"written", "joined", "spoken", "double", "split", "summarised"}


@pytest.mark.parametrize(
    "query",
    ["5551234567", "555-123-4567", '"(555) 123-4567"', '"555 123 4567"',
     '"five five five one two three four five six seven"'],
)  # fmt: skip
def test_any_writing(archive: Archive, query: str) -> None:
    """Finds all the others, and the number without its area code."""
    assert {hit.conversation.id for hit in archive.search(query, limit=0).hits} == {*WHOLE, "local"}


def test_without_the_area_code(archive: Archive) -> None:
    """Seven digits find the numbers that they are the end of."""
    found = {hit.conversation.id for hit in archive.search("123-4567", limit=0).hits}
    assert found == {*WHOLE, "local"}


def test_with_the_code_of_the_country(archive: Archive) -> None:
    """The digits before those that were said do not matter."""
    found = {hit.conversation.id for hit in archive.search(f'"{FULL}"', limit=0).hits}
    assert found == {*WHOLE, "local"}


def test_short_numbers(archive: Archive) -> None:
    """Less than seven digits are the whole number, written or spoken."""
    found = {hit.conversation.id for hit in archive.search("4551", limit=0).hits}
    assert found == {"policy", "digits"}


def test_who_said_it(archive: Archive) -> None:
    """Only that side's numbers count."""
    found = {hit.conversation.id for hit in archive.search("agent-said:5551234567").hits}
    assert found == {"joined"}
    found = {hit.conversation.id for hit in archive.search("summary:5551234567").hits}
    assert found == {"summarised"}


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("written", [["555) 123-4567"]]),
        ("spoken", [["five five five one two three four five six seven"]]),
        ("split", [["five five five"], ["one two three four"], ["five six seven"]]),
        ("double", [["triple five one two three, four five six seven"]]),
    ],
)
def test_its_words_are_highlighted(archive: Archive, name: str, marked: list[list[str]]) -> None:
    """All of them, in every turn over which it was split, and no others."""
    (hit,) = archive.search(f"5551234567 id:{name}").hits
    assert [
        [match.turn.text[start:end] for start, end in match.highlights] for match in hit.turns
    ] == marked
