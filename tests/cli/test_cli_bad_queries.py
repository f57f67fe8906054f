"""Queries that can't be understood: exit code 2, the query with a caret under the place, advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("query", "marked", "advice"),
    [
        ('refund "charged twice', '"', 'Close it with "'),
        ("refund (invoice", "(", None),
        ("refund )", ")", None),
        ("statsu:failed", "statsu", "status:"),
        ("refund colour:red", "colour", '"colour:red"'),
        ("refund status:faild", "faild", "failed"),
        ("since:2026-13", "2026-13", "2026-01-31"),
        ("refund since:tomorrow", "tomorrow", "yesterday"),
        ("date:2026-02..2026-01", "2026-02..2026-01", None),
        ("duration:>5parsecs", "5parsecs", "5m"),
        ("turns:many", "many", "turns:20"),
        ("is:missing", "missing", "deleted"),
        ("refund && invoice", "&&", "AND"),
        ("refund OR", None, None),
        ("re*nd", "*", None),
        ('""', '""', None),
        ("日本語 statsu:x", "statsu", "status:"),
        ("e\u0301tat statsu:x", "statsu", "status:"),
    ],
)
@pytest.mark.parametrize("command", ["search", "list", "export"])
def test_the_place(find: Run, command: str, query: str, marked: str | None, advice: str) -> None:
    """The caret stands under what is wrong, column by column of the screen."""
    ran = find(command, query)
    assert (ran.code, ran.out) == (2, "")
    first, shown, carets, *rest = ran.err.splitlines()
    assert first.startswith("convarchive: ")
    assert shown == f"  {query}"
    assert set(carets.strip()) == {"^"}
    if marked is not None:
        assert under(shown, carets) == marked
    if advice is not None:
        assert advice in " ".join(rest)


def under(shown: str, carets: str) -> str:
    """The part of a line that the carets of the next one stand under, as a terminal shows both."""
    from rich.cells import cell_len

    first, last = carets.index("^"), carets.rindex("^") + 1
    return "".join(
        character
        for at, character in enumerate(shown)
        if first <= cell_len(shown[:at]) < last and cell_len(character)
    )


@pytest.mark.parametrize(
    "query", ["\udcff", "refund agent:\udcff", 'customer:"\udcff"', "re\udcff*"]
)
@pytest.mark.parametrize("command", ["search", "list", "export"])
def test_bytes_that_are_no_text(find: Run, command: str, query: str) -> None:
    """Arguments in another encoding than UTF-8 are refused, and never read as something else."""
    ran = find(command, query)
    assert (ran.code, ran.out) == (2, "")
    assert "UTF-8" in ran.err


@pytest.mark.parametrize("query", ["\x1b[31m statsu:x", "statsu:\x9b31m", 'refund "\x07\u202e'])
def test_a_query_does_not_drive_the_terminal(find: Run, query: str) -> None:
    """What was pasted into a query is shown, not obeyed; the caret still points."""
    err = find("search", query).err
    assert not set(err) & {"\x1b", "\x9b", "\x07", "\u202e"}
    assert "^" in err


def test_a_very_long_query(find: Run) -> None:
    """Hundreds of words are a query like any other."""
    assert find("search", " OR ".join(f"word{n}" for n in range(300)), "--count").code == 0


def test_nested_too_deep(find: Run) -> None:
    """Parentheses beyond all measure are refused, not obeyed until the stack is full."""
    ran = find("search", "(" * 5000 + "x" + ")" * 5000)
    assert ran.code == 2
    assert "nested" in ran.err


@pytest.mark.parametrize("query", ["don't", "07:30", "https://example.org/x", "état", "x:y"])
def test_text_is_no_error(find: Run, query: str) -> None:
    """What only looks like something else is text."""
    assert find("search", query, "--count").code == 0
