"""``search`` for the eye: what was understood, turns of context, what hits have in common."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from convarchive import Archive
from convarchive.store.facets import FACETS

Run = Callable[..., Any]

CALL = "conv_ua0fwsti0fya"


def explained(find: Run, *args: str) -> dict[str, Any]:
    """The JSON document of a search with ``--explain``."""
    ran = find("search", "--explain", "--json", *args)
    assert ran.code == 0, ran.err
    loaded: dict[str, Any] = json.loads(ran.out)
    return loaded


def test_explained(find: Run) -> None:
    """``--explain`` prints the query back with dates as instants, before the hits."""
    ran = find("--utc", "search", "--explain", "refund since:2026-01")
    first, *_ = ran.out.splitlines()
    assert first == "understood  refund since:2026-01-01T00:00:00Z"
    assert "5 conversations" in ran.out


def test_what_is_explained_finds_the_same(find: Run) -> None:
    """The text that is printed back is a query, and finds as many."""
    found = explained(find, "(refund OR chargeback) -status:failed duration:>1m since:2026")
    assert int(find("search", "--count", found["explain"]).out) == found["total"]
    assert explained(find, found["explain"])["explain"] == found["explain"]


@pytest.mark.parametrize(
    "query", ["refund since:2026 -voicemail", "refund OR chargeback OR wallet"]
)
def test_the_parts(find: Run, query: str) -> None:
    """Each part that stands beside others is there with how many it finds by itself."""
    parts = explained(find, query)["parts"]
    assert len(parts) == 3
    for part in parts:
        assert part["count"] == int(find("search", "--count", "--", part["query"]).out)
    out = find("search", "--explain", query).out
    for part in parts:
        assert re.search(rf"^ +{part['count']}  {re.escape(part['query'])}$", out, re.MULTILINE)


@pytest.mark.parametrize("query", ["", "refund", "-refund", "customer:(a b)"])
def test_a_single_part(find: Run, query: str) -> None:
    """What has no parts side by side is not counted twice."""
    assert explained(find, "--", query)["parts"] == []


def test_explained_without_an_index(run: Run, copied: Archive) -> None:
    """It is explained all the same; then the search says what it lacks."""
    shutil.rmtree(copied.directory / "index")
    ran = run("-a", copied.directory, "search", "--explain", "refund -wallet")
    assert ran.code == 1
    assert ran.out.startswith("understood  refund -wallet\n")
    assert "convarchive reindex" in ran.err


@pytest.mark.parametrize("form", ["--jsonl", "--csv", "--tsv", "--ids", "-t"])
def test_explained_beside_data(find: Run, form: str) -> None:
    """Where the output is data, what was understood is told on the standard error."""
    plain, ran = find("search", "refund", form), find("search", "refund", form, "--explain")
    assert ran.out == plain.out
    assert ran.err == "understood  refund\n"


def test_not_explained_unless_asked(find: Run) -> None:
    """Without the option the document is what it was."""
    assert not {"explain", "parts"} & json.loads(find("search", "refund", "--json").out).keys()


def turns_shown(out: str) -> list[str]:
    """The places of the turns that are shown."""
    return re.findall(r"^ +(\d+:\d\d) (?:agent|customer)", out, re.MULTILINE)


def test_context(find: Run, synced: Archive) -> None:
    """``-C 1`` shows the turn before and the turn after each turn that is shown, once."""
    query = f"refund id:{CALL}"
    turns = synced.show(CALL).turns
    at = [match.turn.position for match in synced.search(query).hits[0].turns[:3]]
    near = sorted({each + step for each in at for step in (-1, 0, 1)})
    expected = [f"{int(turns[each].start or 0) // 60}:{int(turns[each].start or 0) % 60:02}"
                for each in near if 0 <= each < len(turns)]  # fmt: skip
    assert len(expected) > len(at)
    assert turns_shown(find("search", query, "-C", "1").out) == expected


def test_context_is_not_marked(find: Run) -> None:
    """Only the turns that match have marks; as many match as without context."""
    query = f"refund id:{CALL}"
    plain, ran = find("search", query), find("search", query, "--context", "2")
    assert ran.out.count("‹") == plain.out.count("‹")
    assert "+2 more turns" in ran.out


def test_a_gap(find: Run) -> None:
    """Where turns are left out between two that are shown, there is a mark; else none."""
    query = f'("I want a" OR wallet OR "no credit") id:{CALL}'
    shown = find("search", query, "-C", "1").out
    assert "⋮" in shown
    assert "⋮" not in find("search", query).out
    assert "⋮" not in find("search", query, "-C", "99").out


def test_all_the_context_there_is(find: Run, synced: Archive) -> None:
    """More than there is shows the whole conversation."""
    out = find("search", f"refund id:{CALL}", "-C", "9999").out
    assert len(turns_shown(out)) == len(synced.show(CALL).turns)


def test_context_of_a_filter(find: Run) -> None:
    """Where nothing that was said was looked for, there is nothing to stand beside."""
    assert turns_shown(find("search", f"id:{CALL}", "-C", "3").out) == []


def test_context_is_not_data(find: Run) -> None:
    """JSON holds the turns that match, and no others."""
    plain, ran = find("search", "refund", "--json"), find("search", "refund", "--json", "-C", "3")
    assert ran.out == plain.out


def test_context_is_dimmed(on_terminal: Run, synced: Archive) -> None:
    """On a terminal it stands back."""
    screen = on_terminal("-a", synced.directory, "search", f"refund id:{CALL}", "-C", "1")
    dimmed = [line for line in screen.text.split("\n") if re.match(r"\x1b\[2m +\d", line)]
    assert dimmed
    assert not any("‹" in line for line in dimmed)


@pytest.mark.parametrize("facet", FACETS)
@pytest.mark.parametrize("query", ["", "charged", "refund OR language:ja", "status:failed"])
def test_facets_are_exact(synced: Archive, facet: str, query: str) -> None:
    """The counts are those of the conversations that the query finds, all of them."""
    expected: Counter[str] = Counter()
    for each in synced.list(query, limit=0):
        values = {
            "agent": [each.agent_id], "topic": set(each.topics),
            "month": [each.started_at and each.started_at[:7]],
        }.get(facet) or ([getattr(each, facet)] if hasattr(each, facet) else [])  # fmt: skip
        expected.update(value for value in values if value is not None)
    assert dict(synced.facets(query)[facet]) == expected


def test_facets_for_the_eye(find: Run) -> None:
    """Every facet has its line; ten values at most, and how many there are more."""
    out = find("search", "", "--facets", "-n", "1").out
    facets = json.loads(find("search", "", "--facets", "--json", "-n", "1").out)["facets"]
    for name in FACETS:
        assert re.search(rf"^{name}  ", out, re.MULTILINE)
    agents = [value for value, _ in facets["agent"]]
    assert all(f" {agent[:15]}" in out for agent in agents[:10])
    assert f"and {len(agents) - 10} more" in out
    assert "and 2 more" in out  # of twelve months


def test_facets_are_aligned(find: Run) -> None:
    """Numbers stand under each other."""
    out = find("search", "", "--facets", "-n", "1").out
    block = out.split("\n\n")[1].splitlines()
    ends = {found.end() for line in block for found in re.finditer(r" \d+(?=  |$)", line)}
    assert len(ends) == 3


def test_facets_of_nothing(find: Run) -> None:
    """Where nothing is found, there is nothing to be counted."""
    assert len(find("search", "xylophonist", "--facets").out.splitlines()) == 1


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("options", [["--facets"], ["-C", "2"], ["--explain"]])
def test_on_a_terminal(
    on_terminal: Run, hostile: Path, synced: Archive, options: list[str], columns: int
) -> None:
    """Not wider than the screen, and nothing that drives it."""
    for directory, query in ((hostile, "zebra since:2026"), (synced.directory, "(的 OR 番号)")):
        screen = on_terminal("-a", directory, "search", query, *options, columns=columns)
        assert screen.code == 0
        assert max(map(cell_len, screen.plain.split("\n"))) <= columns
        assert not set(screen.plain) & {"\x1b", "\x9b", "\r", "\u202e"}
