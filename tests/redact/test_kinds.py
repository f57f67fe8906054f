"""How kinds are asked for: lists, files of names and of patterns, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from convarchive.errors import UsageError
from convarchive.redact import kinds, patterns

Shown = Callable[..., list[str]]


def test_a_kind_is_asked_for_once() -> None:
    """In an order of its own, whatever the order of asking."""
    assert kinds(["phone", "card", "phone"]).asked == ("card", "phone")


@pytest.mark.parametrize("asked", ["crad", "card:x", "name", "pattern:", "names:x"])
def test_an_unknown_kind_is_refused(asked: str) -> None:
    """With the nearest that there is."""
    with pytest.raises(UsageError):
        kinds([asked])
    with pytest.raises(UsageError, match=r"Did you mean card\?"):
        kinds(["crad"])


def test_names_are_found_as_words(tmp_path: Path, shown: Shown) -> None:
    """In any case and accent, with a possessive, spelled; not within another word."""
    (tmp_path / "staff.txt").write_text("# us\nO'Brien\nZoë Müller\nAnn\n", encoding="utf-8")
    asked = [f"name:{tmp_path / 'staff.txt'}"]
    assert shown("customer: o'brien's desk, ZOE MULLER, or a-n-n; Anna stays", asked=asked) == [
        "[name]'s desk, [name], or [name]; Anna stays"
    ]


def test_patterns_have_names_of_their_own(tmp_path: Path, shown: Shown) -> None:
    """From lines or from TOML."""
    (tmp_path / "p.txt").write_text("# ours\npolicy P-\\d{4}\nflat (?i)flat \\w+\n")
    (tmp_path / "p.toml").write_text("policy = 'P-\\d{4}'\nflat = '(?i)flat \\w+'\n")
    for name in ("p.txt", "p.toml"):
        asked = [f"pattern:{tmp_path / name}"]
        assert shown("customer: P-1234, Flat B", asked=asked) == ["[policy], [flat]"]


@pytest.mark.parametrize(
    "text",
    ["bad (", "empty x*", "ca1 x", "", "lonely"],
    ids=["invalid", "empty", "digits", "none", "half"],
)
def test_a_bad_pattern_is_refused(text: str, tmp_path: Path) -> None:
    """Before anything is read."""
    (tmp_path / "p.txt").write_text(text)
    with pytest.raises(UsageError):
        kinds([f"pattern:{tmp_path / 'p.txt'}"])


def test_a_pattern_that_takes_too_long_gives_up(
    tmp_path: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole: what it would have found must not be handed over."""
    monkeypatch.setattr(patterns, "SECONDS", 0.05)
    (tmp_path / "p.txt").write_text("slow (a|aa)+$\n")
    with pytest.raises(UsageError, match="takes too long"):
        shown("customer: " + "a" * 5000 + "b", asked=[f"pattern:{tmp_path / 'p.txt'}"])


def test_a_file_that_is_not_there_is_told() -> None:
    """With its name."""
    with pytest.raises(UsageError, match=r"nobody\.txt"):
        kinds(["name:nobody.txt"])
