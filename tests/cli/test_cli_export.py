"""``export``: everything that a query finds, in files that others can open, or on a pipe."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convarchive import Archive

Run = Callable[..., Any]

TREES = ("text", "srt", "vtt", "markdown", "html", "raw", "dat", "rsmf")


def records(text: str) -> list[dict[str, Any]]:
    """The records of a JSONL export."""
    return [json.loads(line) for line in text.removesuffix("\n").split("\n")]


def test_jsonl(find: Run) -> None:
    """A manifest, the conversations by start, and a last line with the count and the checksum."""
    ran = find("export", "language:ja", "--format", "jsonl")
    assert (ran.code, ran.err) == (0, "")
    manifest, *conversations, complete = records(ran.out)
    assert (manifest["record"], manifest["schema"]) == ("manifest", "convarchive.export/1")
    assert manifest["query"] == "language:ja"
    assert {each["record"] for each in conversations} == {"conversation"}
    order = [(each["started_at"], each["source"], each["id"]) for each in conversations]
    assert order == sorted(order)
    before = ran.out[: ran.out.rstrip("\n").rindex("\n") + 1]
    assert complete == {
        "record": "complete",
        "count": len(conversations),
        "sha256": hashlib.sha256(before.encode()).hexdigest(),
    }


def test_the_whole_archive(find: Run) -> None:
    """Without a query it is everything, and JSONL on the standard output is the default."""
    bare, told = find("export"), find("export", "-f", "jsonl", "-o", "-")
    assert bare == told
    assert records(bare.out)[-1]["count"] == 126


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_the_same_bytes_everywhere(find: Run, form: str) -> None:
    """A file has the bytes that the standard output has, each time."""
    shown = find("export", "refund", "--format", form).out
    for name in ("one", "two"):
        ran = find("export", "refund", "--format", form, "-o", name)
        assert (ran.code, ran.out) == (0, "")
        assert Path(name).read_bytes() == shown.encode()


def test_what_was_written_is_told(find: Run) -> None:
    """How many, how large and where, on the standard error."""
    ran = find("export", "language:ja", "-o", "calls.jsonl")
    assert ran.out == ""
    assert ran.err.startswith("7 conversations, ")
    assert "calls.jsonl" in ran.err


def test_csv(find: Run) -> None:
    """A row a conversation; with ``--turns`` a row a turn."""
    rows = list(csv.DictReader(io.StringIO(find("export", "language:ja", "-f", "csv").out)))
    turns = list(
        csv.DictReader(io.StringIO(find("export", "language:ja", "-f", "csv", "--turns").out))
    )
    assert len(rows) == 7
    assert len(turns) == sum(int(row["turns"]) for row in rows)


@pytest.mark.parametrize("form", TREES)
def test_a_file_a_conversation(find: Run, form: str) -> None:
    """Formats of many files write a directory, or a ZIP archive with the same files."""
    assert find("export", "language:ja", "-f", form, "-o", "calls").code == 0
    assert find("export", "language:ja", "-f", form, "-o", "calls.zip").code == 0
    files = [path for path in Path("calls").rglob("*") if path.is_file()]
    assert len(files) > 7
    with zipfile.ZipFile("calls.zip") as packed:
        assert {name for name in packed.namelist() if not name.endswith("/")} == {
            path.relative_to("calls").as_posix() for path in files
        }


@pytest.mark.parametrize("form", TREES)
def test_many_files_need_a_place(find: Run, form: str) -> None:
    """They can't be written to the standard output."""
    ran = find("export", "-f", form)
    assert (ran.code, ran.out) == (2, "")
    assert "-o PATH" in ran.err


@pytest.mark.parametrize(("form", "name"), [("jsonl", "x.jsonl"), ("srt", "x"), ("srt", "x.zip")])
def test_nothing_is_replaced_unless_told(find: Run, form: str, name: str) -> None:
    """What is there stays; with ``--force`` it is replaced."""
    export = ("export", "language:ja", "-f", form, "-o", name)
    assert find(*export).code == 0
    before = sorted(Path().rglob("*"))
    ran = find("export", "language:de", "-f", form, "-o", name)
    assert ran.code == 1
    assert "--force" in ran.err
    assert sorted(Path().rglob("*")) == before
    assert find(*export, "--force").code == 0


def test_ids_from_a_file(find: Run) -> None:
    """The conversations that a file names, in the order of exports, each once."""
    ids = find("list", "language:ja", "--ids").out
    Path("ids").write_text(f"{ids}\n{ids}", encoding="utf-8")
    found = records(find("export", "--ids-from", "ids").out)
    wanted = records(find("export", "language:ja").out)
    assert found[1:-1] == wanted[1:-1]


def test_ids_from_a_pipe(synced: Archive) -> None:
    """A search's ids can be piped into an export."""
    program = [sys.executable, "-m", "convarchive", "-a", str(synced.directory)]
    ids = subprocess.run([*program, "search", "refund", "--ids"], capture_output=True)
    done = subprocess.run(
        [*program, "export", "--ids-from", "-", "-f", "csv"], input=ids.stdout, capture_output=True
    )
    assert done.returncode == 0
    assert done.stdout.count(b"conv_") == ids.stdout.count(b"\n") > 3


@pytest.mark.parametrize(
    ("args", "code", "word"),
    [
        (["--ids-from", "missing"], 2, "missing"),
        (["--ids-from", "ids", "a query"], 2, "--ids-from"),
        (["--ids-from", "ids"], 6, "conv_nobody"),
        (["-o", "no/such/directory"], 2, "no/such"),
        (["-o", "."], 2, "directory"),
        (["-f", "json", "--turns"], 2, "--turns"),
        (["-f", "papyrus"], 2, "papyrus"),
        (["statsu:failed"], 2, "status:"),
    ],
)
def test_what_cannot_be(find: Run, args: list[str], code: int, word: str) -> None:
    """Every refusal names what is wrong, and nothing is written."""
    Path("ids").write_text("conv_nobody\n", encoding="utf-8")
    ran = find("export", *args)
    assert (ran.code, ran.out) == (code, "")
    assert word in ran.err
    assert [path.name for path in Path().iterdir()] == ["ids"]


def test_over_the_archive_itself(run: Run, copied: Archive) -> None:
    """Not even with ``--force`` does an export replace a part of an archive."""
    for name in ("archive.db", "convarchive.toml"):
        path = copied.directory / name
        before = path.read_bytes()
        assert run("-a", copied.directory, "export", "-o", path, "--force").code == 1
        assert path.read_bytes() == before
    tree = ("export", "-f", "srt", "-o", copied.directory, "--force")
    assert run("-a", copied.directory, *tree).code == 1
    assert (copied.directory / "archive.db").exists()


def test_what_is_not_indexed(run: Run, copied: Archive) -> None:
    """An export of a query is refused while the index lacks something: it would not be whole."""
    with copied.writing("test") as connection:
        connection.execute(
            "INSERT INTO index_queue (conversation) SELECT key FROM conversations LIMIT 1"
        )
        connection.commit()
    ran = run("-a", copied.directory, "export", "refund")
    assert (ran.code, ran.out) == (1, "")
    assert "convarchive reindex" in ran.err
    assert run("-a", copied.directory, "export").code == 0


def test_an_evidence_package(find: Run) -> None:
    """With the sound, the query and what it meant, and who hands it over."""
    ran = find(
        "export", "language:ja", "since:2026", "--utc", "-f", "bagit", "--bag-format", "csv",
        "--with-recordings", "--exported-by", "Jane Doe", "-o", "bag",
    )  # fmt: skip
    assert (ran.code, ran.out) == (0, "")
    about = json.loads(Path("bag/manifest.json").read_bytes())
    assert (about["query"], about["exported_by"]) == ("language:ja since:2026", "Jane Doe")
    assert about["understood"] == "language:ja since:2026-01-01T00:00:00Z"
    assert about["contents"] == {"csv": "conversations.csv"}
    assert about["with_recordings"] is True


def test_a_package_of_ids_is_not_of_all(find: Run) -> None:
    """There is no query in either; what it says of itself differs."""
    Path("ids").write_text(find("list", "language:ja", "--ids").out, encoding="utf-8")
    find("export", "--ids-from", "ids", "-f", "bagit", "-o", "some")
    find("export", "-f", "bagit", "-o", "all")
    read = [json.loads(Path(name, "manifest.json").read_bytes()) for name in ("some", "all")]
    assert [(about["query"], about["understood"]) for about in read] == [("", ""), ("", "*")]


def test_who_exports_can_be_set_once(find: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment, where other formats pass it by; as an option they refuse it."""
    monkeypatch.setenv("CONVARCHIVE_EXPORT_EXPORTED_BY", "Jane Doe")
    assert find("export", "language:ja", "-f", "bagit", "-o", "bag").code == 0
    assert json.loads(Path("bag/manifest.json").read_bytes())["exported_by"] == "Jane Doe"
    assert find("export", "language:ja").code == 0
    ran = find("export", "language:ja", "--exported-by", "Jane Doe")
    assert ran.code == 2
    assert "--exported-by" in ran.err


def test_sound_that_is_not_there_is_told(run: Run, copied: Archive) -> None:
    """How many have some that is not on the disk; the package names them."""
    lost = [path for path in (copied.directory / "recordings").rglob("*") if path.is_file()]
    for path in lost:
        path.unlink()
    ran = run(
        "-a", str(copied.directory), "export", "-f", "bagit", "--with-recordings", "-o", "bag"
    )
    assert ran.code == 3
    told = re.search(r"but for (\d+) recordings", ran.err)
    assert told
    exceptions = json.loads(Path("bag/data/exceptions.json").read_bytes())["exceptions"]
    missing = [one for one in exceptions if one["kind"] == "recording_missing"]
    assert len(missing) == int(told[1]) >= len(lost) > 0


def test_what_the_archive_lacks_is_in_the_package(run: Run, copied: Archive) -> None:
    """Problems of what is handed over, and how many calls no query can find."""
    with copied.writing("test") as connection:
        (source, id_) = connection.execute("SELECT source, id FROM conversations").fetchone()
        connection.execute(
            "INSERT INTO problems (source, id, stage, message, attempts, first_at, last_at)"
            " VALUES (?, ?, 'recording', 'The vendor answered 410.', 1, '', '')",
            (source, id_),
        )
        connection.execute("UPDATE listings SET id = 'conv_lost' WHERE id = ?", (id_,))
    run("-a", str(copied.directory), "export", "-f", "bagit", "-o", "bag")
    found = json.loads(Path("bag/data/exceptions.json").read_bytes())
    assert found["absent"] == 1
    assert {"source": source, "id": id_, "kind": "problem", "why": "The vendor answered 410."} in (
        found["exceptions"]
    )


@pytest.mark.parametrize("form", ["markdown", "html", "vtt"])
def test_with_recordings(find: Run, synced: Archive, form: str) -> None:
    """The sound that the archive has is beside the text, and is what was stored."""
    ran = find("export", "has:recording", "-f", form, "-o", "calls", "--with-recordings")
    assert ran.code == 0
    sounds = {path.stem: path for path in Path("calls").glob("*.wav")}
    recorded = synced.list("has:recording", limit=0)
    assert sounds.keys() == {call.id for call in recorded}
    for call in recorded:
        assert call.recording
        digest = hashlib.sha256(sounds[call.id].read_bytes()).hexdigest()
        assert digest == call.recording.sha256


def test_recordings_beside_one_file(find: Run) -> None:
    """In a directory named after it, by the checksums that it names."""
    assert find("export", "has:recording", "-o", "calls.jsonl", "--with-recordings").code == 0
    named = {
        each["recording"]["sha256"]
        for each in records(Path("calls.jsonl").read_text(encoding="utf-8"))[1:-1]
    }
    assert named == {path.stem for path in Path("calls-recordings").glob("*.wav")}


def test_recordings_need_a_place(find: Run) -> None:
    """The standard output has none."""
    ran = find("export", "--with-recordings")
    assert (ran.code, ran.out) == (2, "")
    assert "-o PATH" in ran.err


def test_a_recording_is_gone_or_damaged(run: Run, copied: Archive) -> None:
    """The export is made, says which are not in it, and exits with 3."""
    gone, damaged, *_ = sorted((copied.directory / "recordings").rglob("*.wav"))
    gone.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-1])
    ran = run("-a", copied.directory, "export", "-f", "text", "-o", "out", "--with-recordings")
    assert ran.code == 3
    assert "2 recordings" in ran.err
    assert "(missing)" in ran.err
    assert "(damaged)" in ran.err
    entries = json.loads(Path("out/manifest.json").read_bytes())["conversations"]
    lost = {entry["sha256"] for entry in entries if entry["file"] is None}
    assert lost == {gone.stem, damaged.stem}


def test_every_revision(run: Run, hostile: Path) -> None:
    """Each state that was seen, the oldest first, as ``show --revision`` tells it."""
    ran = run("-a", hostile, "export", "--revision", "all", "id:odd_everywhere_1")
    assert ran.code == 0
    manifest, first, second, complete = records(ran.out)
    assert (manifest["count"], complete["count"]) == (1, 2)
    assert (first["revision"], second["revision"]) == (1, 2)
    shown = run("-a", hostile, "show", "odd_everywhere_1", "--revision", "1", "--format", "json")
    assert first == json.loads(shown.out)
    assert second["summary"].startswith("zebra again")


def test_every_revision_as_bytes(run: Run, hostile: Path) -> None:
    """A file for each, by its number."""
    export = ("export", "id:odd_everywhere_1", "-f", "raw", "-o", "out", "--revision", "all")
    assert run("-a", hostile, *export).code == 0
    names = {path.name for path in Path("out").iterdir()}
    assert names == {
        "manifest.json", "odd_everywhere_1.r1.detail.json", "odd_everywhere_1.r2.detail.json"
    }  # fmt: skip
