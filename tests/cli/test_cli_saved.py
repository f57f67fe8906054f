"""Saved searches: a query with a name, wherever a query can stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive, searches
from convarchive.errors import QueryError, SettingsError
from convarchive.settings import FILE

Run = Callable[..., Any]

QUERY = 'refund OR "charged twice"'


@pytest.fixture
def find(run: Run, copied: Archive) -> Run:
    """Runs a command on an archive with saved searches."""
    searches.save(copied.directory, "money", QUERY, copied.parse)

    def find(*args: str) -> Any:
        return run("-a", copied.directory, *args)

    return find


def ids(find: Run, *args: str) -> list[str]:
    """The ids that a command prints."""
    ran = find(*args, "--ids", "-n", "0")
    assert ran.code == 0, ran.err
    found: list[str] = ran.out.split()
    return found


def settings_of(archive: Archive) -> str:
    """The settings as they are written."""
    return (archive.directory / FILE).read_text(encoding="utf-8")


def test_saving_runs(find: Run) -> None:
    """``--save`` finds what the query finds, and says under which name it is saved."""
    ran = find("search", "--save", "billing", "topic:billing", "--ids", "-n", "0")
    assert ran.out.split() == ids(find, "search", "topic:billing")
    assert ran.err == "Saved as @billing\n"
    assert ids(find, "search", "@billing") == ran.out.split()


def test_in_the_settings(find: Run, copied: Archive) -> None:
    """It is text in convarchive.toml, and the user's own comments stay."""
    path = copied.directory / FILE
    path.write_text("# Ours.\n" + settings_of(copied) + "# The end.\n", encoding="utf-8")
    assert find("search", "--save", "two", "b  c").code == 0
    text = settings_of(copied)
    assert text.startswith("# Ours.\n")
    assert "# The end.\n" in text
    assert 'two = "b  c"' in text


def test_no_other_part_can_leak_in(find: Run) -> None:
    """It stands by itself: an OR in it does not reach what stands beside it."""
    expected = ids(find, "search", f"({QUERY}) since:2026-06", "--sort", "newest")
    leaked = ids(find, "search", f"{QUERY} since:2026-06", "--sort", "newest")
    assert ids(find, "search", "@money since:2026-06", "--sort", "newest") == expected != leaked


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("-@money", f"-({QUERY})"),
        ("since:2026-06 (@money)", f"since:2026-06 ({QUERY})"),
        ("@money OR wallet", f"({QUERY}) OR wallet"),
        ("NOT @money wallet", f"NOT ({QUERY}) wallet"),
    ],
)
def test_combined(copied: Archive, find: Run, query: str, same: str) -> None:
    """A name can stand wherever parentheses can."""
    assert copied.parse(query) == copied.parse(same)


@pytest.mark.parametrize("command", ["search", "list"])
def test_in_other_commands(find: Run, command: str) -> None:
    """Commands that take a query take a saved one."""
    assert sorted(ids(find, command, "@money")) == sorted(ids(find, command, QUERY))
    ran = find("stats", "@money", "--json")
    assert json.loads(ran.out)["total"]["count"] == len(ids(find, "list", QUERY))


def test_in_an_export(find: Run) -> None:
    """The manifest says what the name stood for, since who gets the file does not have it."""
    named, written = find("export", "@money").out, find("export", f"({QUERY})").out
    manifest, *rest = named.splitlines()
    assert json.loads(manifest)["query"] == QUERY
    assert rest[:-1] == written.splitlines()[1:-1]


def test_explained(find: Run) -> None:
    """What is printed back has the query in the place of its name."""
    found = json.loads(find("search", "@money wallet", "--explain", "--json").out)
    assert found["explain"] == f"({QUERY}) wallet"
    assert found["query"] == "@money wallet"


@pytest.mark.parametrize("query", ['"@money"', 'customer:"@money"', "a@money", "id:@money", "@"])
def test_text(copied: Archive, find: Run, query: str) -> None:
    """In quotes, within a word, as a value and alone the sign is text."""
    assert "refund" not in repr(copied.parse(query))


def test_the_list(find: Run) -> None:
    """``--saved`` lists them, in every form."""
    assert find("search", "--saved").out.splitlines()[1].split() == [
        "@money", "refund", "OR", '"charged', 'twice"',
    ]  # fmt: skip
    found = json.loads(find("search", "--saved", "--json").out)
    assert found["schema"] == "convarchive.searches/1"
    assert found["searches"] == [{"id": "money", "name": "@money", "query": QUERY}]
    assert find("search", "--saved", "--ids").out == "money\n"


def test_none_yet(run: Run, synced: Archive) -> None:
    """Where none is saved, it is said how to."""
    ran = run("-a", synced.directory, "search", "--saved")
    assert (ran.code, ran.out) == (0, "")
    assert "--save NAME" in ran.err


def test_forget(find: Run) -> None:
    """``--forget`` removes one, with the sign or without."""
    assert find("search", "--forget", "@money").err == "Forgot @money\n"
    assert find("search", "@money").code == 2
    assert find("search", "--forget", "money").code == 2


def test_what_is_needed_is_kept(find: Run) -> None:
    """One that another stands on is not forgotten."""
    find("search", "--save", "recent", "@money since:7d")
    refused = find("search", "--forget", "money")
    assert refused.code == 2
    assert "'recent'" in refused.err
    assert find("search", "--forget", "recent").code == find("search", "--forget", "money").code


def test_saved_again(find: Run) -> None:
    """The new one takes the place of the old one, and what that was is said."""
    assert find("search", "--save", "money", "wallet").err.startswith(
        f"Saved as @money in the place of: {QUERY}\n"
    )
    assert ids(find, "search", "@money") == ids(find, "search", "wallet")


def test_a_wrong_query_is_not_saved(find: Run, copied: Archive) -> None:
    """It is checked when it is saved: exit code 2, and the place."""
    before = settings_of(copied)
    refused = find("search", "--save", "wrong", "refund statsu:failed")
    assert (refused.code, refused.out) == (2, "")
    assert "         ^^^^^^" in refused.err
    assert settings_of(copied) == before


def test_an_unknown_name(find: Run) -> None:
    """It is refused with the nearest name, and a caret under the place."""
    refused = find("search", "wallet @mony")
    assert refused.code == 2
    assert "         ^^^^^\n  Did you mean @money?" in refused.err


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a*", "x" * 41, "-a", "@@a", "_a", "a\nb"])
def test_names(find: Run, name: str) -> None:
    """What no query could name is no name."""
    refused = find("search", "--save", name, "wallet")
    assert refused.code == 2
    assert "Saved" not in refused.err


def test_a_name_in_any_script(find: Run) -> None:
    """Letters are letters."""
    assert find("search", "--save", "@größe-2", "wallet").code == 0
    assert ids(find, "search", "@größe-2") == ids(find, "search", "wallet")


def test_nothing_to_save(find: Run) -> None:
    """A query is needed."""
    assert find("search", "--save", "nothing").code == 2


def test_behind_a_scope(find: Run) -> None:
    """A saved search holds more than words, so it can't stand behind a scope."""
    for query in ("customer:@money", "customer:(wallet @money)"):
        refused = find("search", query)
        assert refused.code == 2
        assert '"customer:"' in refused.err


def test_one_upon_another(copied: Archive, find: Run) -> None:
    """A saved search can use others; in a circle it can't."""
    find("search", "--save", "recent", "@money since:2026-06")
    assert copied.parse("@recent") == copied.parse(f"({QUERY}) since:2026-06")
    refused = find("search", "--save", "money", "wallet OR @recent")
    assert refused.code == 2
    assert "stands for itself" in refused.err
    assert find("search", "--save", "self", "@self").code == 2


def test_many_upon_each_other(copied: Archive) -> None:
    """However they are nested, the end is an error and not a crash."""
    lines = [f'n{at} = "{"(" * 40}@n{at + 1}{")" * 40}"\n' for at in range(60)]
    path = copied.directory / FILE
    path.write_text("[searches]\n" + "".join(lines) + 'n60 = "refund"\n', encoding="utf-8")
    with pytest.raises(QueryError, match="50 deep"):
        copied.parse("@n0")


def test_one_that_was_broken_by_hand(copied: Archive) -> None:
    """What is wrong in the file is said at the name that needs it."""
    path: Path = copied.directory / FILE
    path.write_text('[searches]\nwrong = "statsu:failed"\n', encoding="utf-8")
    with pytest.raises(QueryError, match="statsu") as caught:
        copied.parse("refund @wrong")
    assert (caught.value.column, caught.value.length) == (7, 6)
    path.write_text("[searches]\nwrong = 7\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"searches\.wrong"):
        copied.parse("@wrong")
