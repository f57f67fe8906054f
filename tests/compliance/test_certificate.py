"""The certificate of disposal: what it says, and must not say, and that it is the same again."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import OTHER, PERSON, THEIRS

from convarchive import Archive
from convarchive.compliance import certificate
from convarchive.sandbox import Sandbox
from convarchive.store import ledger, tombstones


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Archive]]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("certificate") / "archive")


@pytest.fixture
def archive(mirrored: tuple[Sandbox, Archive], tmp_path: Path) -> Iterator[Archive]:
    """An archive in which a person was erased, for a reason that tries to be markup."""
    mirrored[1].close()
    with Archive.open(shutil.copytree(mirrored[1].directory, tmp_path / "archive")) as copied:
        plan = copied.plan_erasure(callers=[PERSON])
        copied.erase(plan, reason="<script>alert(1)</script> & Co", by="Jo <jo@example.org>")
        yield copied


def document(archive: Archive) -> Any:
    """What the file for programs says."""
    return graveyard.document(certificate.path(archive.directory, 1, ".json"))


def page(archive: Archive) -> str:
    """The page for people."""
    return certificate.path(archive.directory, 1, ".html").read_text(encoding="utf-8")


def test_what_it_says(archive: Archive) -> None:
    """Which archive, what, when, by whom, why."""
    told = document(archive)
    row = tombstones.disposal(archive._connection(), 1)
    assert told["schema"] == "convarchive.certificate/1"
    assert (told["disposal"], told["kind"], told["at"]) == (1, "erasure", row.at)
    assert told["reason"] == "<script>alert(1)</script> & Co"
    assert told["by"] == "Jo <jo@example.org>"
    assert told["destroyed"] == {"conversations": 2, "recordings": 1, "bytes": row.bytes}
    assert told["by_class"] == [{"class": None, "conversations": 2}]
    assert [each["month"] for each in told["conversations"]] == ["2026-03", "2026-03"]


def test_its_hashes_are_those_of_the_ids(archive: Archive) -> None:
    """Who has an id and the archive can see that it was destroyed."""
    key = tombstones.erasure_key(archive._connection())
    expected = {tombstones.id_hash(key, "ayra", identifier) for identifier in THEIRS}
    assert {each["id_hash"] for each in document(archive)["conversations"]} == expected


def test_its_root_is_that_of_the_ledger(archive: Archive) -> None:
    """Of the ledger that ended with the disposal, whatever came since."""
    told = document(archive)["ledger"]
    archive.set_retention("later", {"query": "*", "keep": "1d"})
    connection = archive._connection()
    entries = [entry.fields for entry in ledger.read(connection, told["first"], told["size"])]
    assert [entry["kind"] for entry in entries] == ["disposed", "erasure", "erasure"]
    assert (told["last"], told["size"]) == (told["first"] + 2, told["first"] + 3)
    assert base64.b64decode(told["root"]) == ledger.root(connection, told["size"])
    assert ledger.size(connection) > told["size"]


@pytest.mark.parametrize("suffix", [".json", ".html"])
def test_it_names_nobody(archive: Archive, suffix: str) -> None:
    """No id, number or word of the conversations is in it."""
    text = certificate.path(archive.directory, 1, suffix).read_text(encoding="utf-8")
    sought = [each for each in graveyard.everything_of_theirs() if isinstance(each, str)]
    assert not [each for each in [*sought, OTHER] if each.lower() in text.lower()]


def test_it_says_what_remains(archive: Archive) -> None:
    """Backups above all, in both files."""
    assert any("backups" in each for each in document(archive)["remains"])
    assert "backups" in page(archive)


class _Markup(HTMLParser):
    """The tags of a page, and whether each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not [name for name, _ in attrs if name in ("src", "href") or name[:2] == "on"]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_safe_and_whole(archive: Archive) -> None:
    """No script, nothing from elsewhere, each tag closed, whatever a reason says."""
    markup = _Markup()
    markup.feed(page(archive))
    markup.close()
    assert markup.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(markup.seen)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in page(archive)
    assert "url(" not in page(archive)


def test_the_page_fits_a_narrow_screen(archive: Archive) -> None:
    """The ledger's root is a word of 44 letters, which has to break for that."""
    assert "td { overflow-wrap: anywhere }" in page(archive)


def test_the_page_says_what_the_document_says(archive: Archive) -> None:
    """Each hash, the root, who and when."""
    told, text = document(archive), page(archive)
    for each in told["conversations"]:
        assert each["id_hash"] in text
    for value in (told["archive"], told["ledger"]["root"], told["at"], "Jo &lt;jo@example.org&gt;"):
        assert value in text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_written_again_it_is_the_same(archive: Archive) -> None:
    """It is made from the tables alone."""
    paths = [certificate.path(archive.directory, 1, suffix) for suffix in (".json", ".html")]
    before = [path.read_bytes() for path in paths]
    with archive.writing("test") as connection:
        certificate.write(connection, archive.directory, 1)
    assert [path.read_bytes() for path in paths] == before


def test_rules_and_what_they_held_back(archive: Archive) -> None:
    """By class how many, and how many stay for which reason; not the query, which can name a
    person."""
    archive.set_retention("calls", {"query": f"caller:{OTHER}", "delete_after": "1w"})
    archive.set_retention("kept", {"query": "id:conv_kept_1", "keep": "90y"})
    archive.place_hold("smith", ids=["conv_kept_2"], reason="suit")
    assert archive.apply_retention(archive.plan_retention()) is not None
    path = certificate.path(archive.directory, 2, ".json")
    told = graveyard.document(path)
    assert told["kind"] == "disposal"
    assert told["by_class"] == [{"class": "calls", "conversations": 1}]
    assert told["rules"]["held_back"] == {"floor": 1, "held": 1}
    assert told["rules"]["classes"][0] == {
        "name": "calls", "keep": None, "delete_after": "1w", "from": "end", "destroyed": 1,
    }  # fmt: skip
    assert OTHER not in path.read_text()
    text = path.with_suffix(".html").read_text()
    assert re.search(r"Due, and not destroyed.*keeps it for longer.*a legal hold", text, re.DOTALL)


def test_the_first_checkpoint_that_covers_it(archive: Archive) -> None:
    """It is signed right after the disposal, and named whatever comes later or is no checkpoint."""
    told = document(archive)["ledger"]
    assert told["checkpoint"].startswith(f"{told['size']:012}-")
    folder = archive.directory / "checkpoints"
    assert (folder / told["checkpoint"]).exists()
    (folder / f"{told['size'] + 1:012}-00000000.txt").write_bytes(b"\xff\xfe\n9\n")
    archive.place_hold("later", ids=[], query="*", reason="r")
    again = certificate.document(archive._connection(), archive.directory, 1)
    assert again["ledger"] == told


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_for_its_owner_alone(archive: Archive) -> None:
    """As all files of an archive."""
    path = certificate.path(archive.directory, 1, ".json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_can_be_checked_without_this_program(archive: Archive) -> None:
    """With sqlite3 and hashlib: the run's entry commits to what the certificate says."""
    from hashlib import sha256

    told = document(archive)
    connection = sqlite3.connect(archive.directory / "archive.db")
    salt, rules = connection.execute("SELECT salt, rules FROM disposals").fetchone()
    (entry,) = connection.execute(
        "SELECT entry FROM ledger WHERE position = ?", (told["ledger"]["first"],)
    ).fetchone()
    connection.close()
    said = {name: told[name] for name in ("disposal", "kind", "at", "by", "reason")}
    content = {**said, **told["destroyed"], "rules": rules}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert json.loads(entry)["commitment"] == sha256(salt + canonical.encode()).hexdigest()
