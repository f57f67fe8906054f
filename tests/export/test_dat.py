"""Load files, read back by a parser that was written from the format's description alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from convarchive.export import Selection, Wishes, export
from convarchive.export.dat import FIELDS
from convarchive.export.loadfile import LoadFile
from convarchive.model import Conversation, Recording
from convarchive.transcripts import write as transcript

Select = Callable[..., Selection]
Row = dict[str, str]

SOUND = bytes(range(256)) * 8
SHA256 = hashlib.sha256(SOUND).hexdigest()

ANY_TEXT = st.text(
    st.one_of(st.sampled_from("þ®\x14\r\n\x85\u2028\x0b\x1e;Þa "), st.characters()), max_size=30
)


def parsed(data: bytes) -> list[Row]:
    """The rows of a load file, strictly: one character at a time, anything else is an error."""
    assert data.startswith(b"\xef\xbb\xbf")
    text = data[3:].decode("utf-8", "strict")
    assert text.endswith("\r\n")
    rows: list[list[str]] = []
    for line in text[:-2].split("\r\n"):
        cells, at = [], 0
        while True:
            assert line[at] == "\u00fe"
            end = line.index("\u00fe", at + 1)
            cell = line[at + 1 : end]
            assert not re.search("[\x00-\x08\x0a-\x1f\x7f]", cell)
            cells.append(cell.replace("\u00ae", "\n"))
            at = end + 1
            if at == len(line):
                break
            assert line[at] == "\u0014"
            at += 1
        rows.append(cells)
    head, *rest = rows
    assert len(set(head)) == len(head)
    return [dict(zip(head, row, strict=True)) for row in rest]


def rows(root: Path) -> list[Row]:
    """Of an export."""
    return parsed((root / "loadfile.dat").read_bytes())


@pytest.fixture
def some(select: Select, call: Conversation, tmp_path_factory: pytest.TempPathFactory) -> Selection:
    """Two calls: one with two documents and a recording, one with nothing."""
    path = tmp_path_factory.mktemp("recordings") / f"{SHA256}.wav"
    path.write_bytes(SOUND)
    full = call._replace(
        recording=Recording(None, SHA256, len(SOUND), "audio/wav"),
        agent_id="agent_7",
        started_at="2026-01-05T09:03:02.25Z",
        ended_at="2026-01-05T09:07:09Z",
    )
    bare = Conversation("vapi", "x", status="failed")
    documents = {1: [("detail", b'{"a": 1}'), ("transcript", b"\xff")]}
    return replace(
        select(full, bare, documents=documents),
        recording={SHA256: path}.get,
        wishes=Wishes(recordings=True),
    )


def test_a_call_is_a_family(some: Selection, tmp_path: Path) -> None:
    """The transcript is the parent, the others its children; numbers are counted through."""
    export(some, "dat", tmp_path / "out")
    names = ("BEGDOC", "ENDDOC", "BEGATTACH", "ENDATTACH", "PARENTID", "ATTACHCOUNT", "RECORDTYPE")
    one, two, three, four, five = (f"CONV000000{n}" for n in range(1, 6))
    assert [tuple(row[name] for name in names) for row in rows(tmp_path / "out")] == [
        (one, one, one, four, "", "3", "Transcript"),
        (two, two, one, four, one, "", "Vendor document: detail"),
        (three, three, one, four, one, "", "Vendor document: transcript"),
        (four, four, one, four, one, "", "Recording"),
        (five, five, five, five, "", "0", "Transcript"),
    ]


def test_every_file_is_named_and_is_what_it_says(some: Selection, tmp_path: Path) -> None:
    """By its path from the load file, with size and checksum; there are no others."""
    export(some, "dat", tmp_path / "out")
    found = rows(tmp_path / "out")
    for row in found:
        assert bool(row["TEXTPATH"]) != bool(row["NATIVELINK"])
        path = tmp_path / "out" / (row["TEXTPATH"] or row["NATIVELINK"])
        data = path.read_bytes()
        assert row["SHA256"] == hashlib.sha256(data).hexdigest()
        assert row["FILESIZE"] == str(len(data))
        assert path.name == row["FILENAME"] == f"{row['BEGDOC']}.{row['FILEEXT']}"
    files = {path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert len(files) == len(found) + 2


def test_the_bytes_are_the_archives(some: Selection, call: Conversation, tmp_path: Path) -> None:
    """The transcript as in ``text``, the vendor's documents and the sound unchanged."""
    export(some, "dat", tmp_path / "out")
    text, detail, other, sound, _ = (
        (tmp_path / "out" / (row["TEXTPATH"] or row["NATIVELINK"])).read_bytes()
        for row in rows(tmp_path / "out")
    )
    assert text.decode() == transcript(call.turns, "text")
    assert (detail, other, sound) == (b'{"a": 1}', b"\xff", SOUND)


def test_the_facts_are_in_every_row_of_the_family(some: Selection, tmp_path: Path) -> None:
    """Dates as American lawyers write them, with the zone; what is not known is empty."""
    export(some, "dat", tmp_path / "out")
    *family, bare = rows(tmp_path / "out")
    for row in family:
        assert {name: row[name] for name in FIELDS[7:16]} == {
            "CUSTODIAN": "agent_7", "SOURCE": "ayra", "CONVERSATIONID": "conv_8f2kq1",
            "DATESTART": "01/05/2026", "TIMESTART": "09:03:02",
            "DATEEND": "01/05/2026", "TIMEEND": "09:07:09",
            "TIMEZONE": "UTC", "DURATION": "247.500",
        }  # fmt: skip
        assert row["TOPICS"] == "billing; refund, partial"
        assert row["CALLER"] == "+15550104477"
    assert (bare["DATESTART"], bare["TIMESTART"], bare["TIMEZONE"]) == ("", "", "")
    assert (bare["CUSTODIAN"], bare["DURATION"], bare["TURNS"]) == ("vapi", "", "0")
    assert bare["EXCEPTIONS"] == "There is no transcript."


def test_sound_only_where_wished_for(some: Selection, tmp_path: Path) -> None:
    """Without, the family has one less; with, what cannot be had is told in the row."""
    export(replace(some, wishes=Wishes()), "dat", tmp_path / "without")
    assert "Recording" not in {row["RECORDTYPE"] for row in rows(tmp_path / "without")}
    assert rows(tmp_path / "without")[0]["EXCEPTIONS"] == ""
    export(replace(some, recording=lambda _: None), "dat", tmp_path / "lost")
    assert "its file is not in the archive" in rows(tmp_path / "lost")[0]["EXCEPTIONS"]


def test_damaged_sound_is_told(some: Selection, tmp_path: Path) -> None:
    """It is left out, and its conversation says why."""
    path = some.recording(SHA256)
    assert path
    path.write_bytes(b"x")
    summary = export(some, "dat", tmp_path / "out")
    read = rows(tmp_path / "out")
    assert "Recording" not in {row["RECORDTYPE"] for row in read}
    assert "its bytes have changed" in read[0]["EXCEPTIONS"]
    assert [lost.why for lost in summary.lost] == ["damaged"]


def test_a_thousand_files_in_a_directory(select: Select, tmp_path: Path) -> None:
    """Texts and natives are counted by themselves."""
    calls = [Conversation("ayra", f"c{n}") for n in range(1001)]
    documents = {n: [("detail", b"{}")] for n in range(1, 1002)}
    export(select(*calls, documents=documents), "dat", tmp_path / "out")
    for place in ("TEXT", "NATIVES"):
        counts = {
            folder.name: len(list(folder.iterdir()))
            for folder in (tmp_path / "out" / place).iterdir()
        }
        assert counts == {"0001": 1000, "0002": 1}
    last = rows(tmp_path / "out")[-1]
    assert last["NATIVELINK"] == "NATIVES/0002/CONV0002002.json"


def test_the_manifest_vouches_for_the_load_file(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Its checksum, its rows, and how many characters could not stay."""
    export(select(call._replace(summary="það ®\x14 \n")), "dat", tmp_path / "out")
    about = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    data = (tmp_path / "out" / "loadfile.dat").read_bytes()
    assert about["load_file"] == {
        "file": "loadfile.dat", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data),
        "rows": 1, "replaced_characters": 3,
    }  # fmt: skip
    assert parsed(data)[0]["SUMMARY"] == "thað (R)␔ \n"


def test_the_zip_holds_the_same(some: Selection, tmp_path: Path) -> None:
    """Twice the same bytes; the manifest last."""
    import zipfile

    export(some, "dat", tmp_path / "a.zip")
    export(some, "dat", tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert packed.namelist()[-2:] == ["loadfile.dat", "manifest.json"]
        assert parsed(packed.read("loadfile.dat"))


@settings(deadline=None)
@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=5))
@example([("þ\x14þ", "þ\r\nþforgedþ"), ("\udc80", "®")])
def test_no_text_breaks_a_row(texts: list[tuple[str, str]]) -> None:
    """Whatever is in the fields, as many rows and fields come back, and no character is lost."""
    out = BytesIO()
    file = LoadFile(out, ("A", "B"))
    for first, second in texts:
        file.row({"A": first, "B": second})
    found = parsed(out.getvalue())
    assert file.rows == len(found) == len(texts)
    for row, pair in zip(found, texts, strict=True):
        for cell, text in zip(row.values(), pair, strict=True):
            lines = text.replace("\r\n", "\n").replace("þ", "th").replace("®", "(R)")
            assert len(cell) == len(lines)
            assert cell.count("\n") == len(re.findall("[\n\r\x85\u2028\u2029]", lines))
    untouched = not re.search("[þ®\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", str(texts))
    if untouched and all(text.isprintable() for pair in texts for text in pair):
        assert [tuple(row.values()) for row in found] == texts
        assert file.replaced == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_call_breaks_the_file(data: Any, select: Select, tmp_path: Path) -> None:
    """Hostile text in every field of a call that can hold any."""
    text = st.text(st.one_of(st.sampled_from("þ®\x14\r\n/."), st.characters(codec="utf-8")))
    names = [
        name for name in Conversation._fields
        if name not in ("duration", "topics", "keywords", "actions", "follow_up_tasks", "recording",
                        "has_transcript", "turns", "revision")
    ]  # fmt: skip
    hostile = Conversation(**{name: data.draw(text, name) for name in names})
    hostile = hostile._replace(topics=(data.draw(text, "topic"), "þ"), id=data.draw(text))
    export(select(hostile, hostile), "dat", tmp_path / "out", force=True)
    found = rows(tmp_path / "out")
    assert [row["BEGDOC"] for row in found] == ["CONV0000001", "CONV0000002"]
    assert list(found[0]) == list(FIELDS)
    assert (tmp_path / "out" / found[1]["TEXTPATH"]).is_file()


def test_a_field_that_is_not_there_is_an_error() -> None:
    """A misspelt column must not get lost."""
    with pytest.raises(KeyError):
        LoadFile(BytesIO(), ("A",)).row({"B": "x"})
