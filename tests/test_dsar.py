"""Everything about one person: all of it is there, and nothing of others."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.compliance import graveyard
from tests.compliance.graveyard import KEPT, OTHER, PERSON, THEIRS

from convarchive import Archive, dsar
from convarchive.errors import NotFound, PathExists, UsageError
from convarchive.sandbox import Sandbox
from convarchive.store import clock, recordings
from convarchive.store.database import transaction


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Archive]]:
    """A vendor and its archive, to be copied."""
    yield from graveyard.made(tmp_path_factory.mktemp("dsar") / "archive")


@pytest.fixture
def archive(mirrored: tuple[Sandbox, Archive], tmp_path: Path) -> Iterator[Archive]:
    """An archive in which two conversations are of the person who asks."""
    mirrored[1].close()
    with Archive.open(shutil.copytree(mirrored[1].directory, tmp_path / "archive")) as copied:
        yield copied


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a directory or a ZIP archive by its name in it."""
    if root.is_file():
        with zipfile.ZipFile(root) as packed:
            return {name.partition("/")[2]: packed.read(name) for name in packed.namelist()}
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def written(archive: Archive, path: Path, *callers: str) -> dict[str, bytes]:
    """What is written about the person."""
    dsar.write(archive, callers or [PERSON], path)
    return contents(path)


def test_every_state_is_there(archive: Archive, tmp_path: Path) -> None:
    """One of the conversations has changed once: three lines between the first and the last."""
    lines = written(archive, tmp_path / "out")["conversations.jsonl"].splitlines()
    told = [json.loads(line) for line in lines[1:-1]]
    assert [(one["id"], one["revision"]) for one in told] == [
        (THEIRS[0], 1), (THEIRS[0], 2), (THEIRS[1], 1),
    ]  # fmt: skip
    assert told[0]["summary"] != told[1]["summary"]


def test_the_vendors_bytes_are_there(archive: Archive, tmp_path: Path) -> None:
    """Of every state, as they came."""
    files = written(archive, tmp_path / "out")
    raw = {body for name, body in files.items() if name.startswith("raw/conv")}
    for identifier in THEIRS:
        key = archive.find(identifier)
        assert {body for _, body in archive.documents(key)} <= raw
    assert len(raw) == 3


def test_the_sound_is_there(archive: Archive, tmp_path: Path) -> None:
    """Beside the pages, and what a conversation had before as well."""
    with archive.writing("test") as connection, transaction(connection):
        newer = recordings.write(archive.directory, [b"RIFF newer"], "audio/wav")
        recordings.attach(connection, archive.find(THEIRS[0]), newer, clock.now())
    files = written(archive, tmp_path / "out")
    sounds = {body for name, body in files.items() if name.endswith(".wav")}
    assert sounds == {b"RIFF newer", graveyard.SECRET_SOUND, graveyard.SHARED_SOUND}
    assert b"recordings/" in files["README.html"]


def test_pages_to_read(archive: Archive, tmp_path: Path) -> None:
    """One a conversation, with what was said, and an index."""
    files = written(archive, tmp_path / "out")
    assert graveyard.SENTENCES[0].encode() in files[f"html/{THEIRS[0]}.html"]
    assert all(f"{each}.html".encode() in files["html/index.html"] for each in THEIRS)


def test_nothing_of_others(archive: Archive, tmp_path: Path) -> None:
    """No id and no number of anybody else is in any file."""
    files = written(archive, tmp_path / "out")
    for name, body in files.items():
        assert not [each for each in (*KEPT, OTHER) if each.encode() in body], name


def person(files: dict[str, bytes]) -> Any:
    """``person.json``."""
    return json.loads(files["person.json"])


def test_what_is_kept_until_when(archive: Archive, tmp_path: Path) -> None:
    """Since when, from which source, by which class, and whether a hold is on it."""
    archive.set_retention("calls", {"query": "*", "keep": "6y", "delete_after": "7y"})
    archive.set_retention("other", {"query": f"caller:{OTHER}", "keep": "9y"})
    archive.place_hold("secret-matter", ids=[THEIRS[1]], reason="suit")
    files = written(archive, tmp_path / "out")
    told = person(files)
    assert (told["schema"], told["count"]) == ("convarchive.person/1", 2)
    assert told["sources"] == [{"name": "ayra", "kind": "ayra"}]
    first, second = told["conversations"]
    assert first["retention"] == [
        {"class": "calls", "kept_until": "2032-03-01", "deleted_on": "2033-03-01"}
    ]
    assert (first["legal_hold"], second["legal_hold"]) == (False, True)
    assert first["kept_since"].startswith("20")
    page = files["README.html"].decode()
    assert "at least 2032-03-01 (calls)" in page
    assert "held for legal reasons" in page
    assert not [name for name, body in files.items() if b"secret-matter" in body]


def test_mentions_are_counted_and_not_in_it(
    archive: Archive, mirrored: tuple[Sandbox, Archive], tmp_path: Path
) -> None:
    """Whoever writes it is told which, for they have to be looked at."""
    told = graveyard.payload(KEPT[2], graveyard.moment(hours=10), caller_number=OTHER)
    mirrored[0].upstream.put(told | {"summary": "Ring five five five, oh one four, 22 33."})
    mirrored[0].upstream.put(told | {"summary": "Ring 555-014-2233."})
    try:
        archive.sync()
        done = dsar.write(archive, [PERSON], tmp_path / "out")
        assert [each.id for each in done.mentioning] == [KEPT[2]]
        assert person(contents(tmp_path / "out"))["mentioned_in"] == 1
        assert b"1 other conversation mentions" in contents(tmp_path / "out")["README.html"]
    finally:
        mirrored[0].upstream.put(told)


def test_a_zip_has_the_same(archive: Archive, tmp_path: Path) -> None:
    """But for the moment at which it was made."""
    directory, packed = written(archive, tmp_path / "a"), written(archive, tmp_path / "b.zip")
    assert directory.keys() == packed.keys()
    differ = {name for name in packed if directory[name] != packed[name]}
    assert differ <= {"person.json", "README.html"}


def test_two_numbers_of_one_person(archive: Archive, tmp_path: Path) -> None:
    """In one."""
    files = written(archive, tmp_path / "out", PERSON, OTHER)
    assert person(files)["count"] == 5


def test_nothing_is_overwritten(archive: Archive, tmp_path: Path) -> None:
    """Whatever is there."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out.zip").write_bytes(b"mine")
    for name in ("out", "out.zip"):
        with pytest.raises(PathExists):
            dsar.write(archive, [PERSON], tmp_path / name)
    assert (tmp_path / "out.zip").read_bytes() == b"mine"


def test_nobody(archive: Archive, tmp_path: Path) -> None:
    """Nothing is written about somebody who has never called, or nobody."""
    with pytest.raises(NotFound):
        dsar.write(archive, ["+15559999999"], tmp_path / "out")
    with pytest.raises(UsageError):
        dsar.write(archive, [], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_sound_that_is_lost_is_told(archive: Archive, tmp_path: Path) -> None:
    """The rest is written."""
    for path in (archive.directory / "recordings").glob("*/*.wav"):
        path.unlink()
    done = dsar.write(archive, [PERSON], tmp_path / "out")
    assert len(done.lost) == 2
    assert "html/index.html" in contents(tmp_path / "out")


def test_it_is_logged(archive: Archive, tmp_path: Path) -> None:
    """What leaves the archive is always written down."""
    assert dsar.write(archive, [PERSON], tmp_path / "out").logged
    found = archive._connection().execute("SELECT action, conversations FROM access_log")
    assert found.fetchall() == [("dsar", 2)]
