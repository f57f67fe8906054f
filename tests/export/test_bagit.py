"""Evidence packages, checked by the tools that a receiver has: ``bagit.py`` and ``sha512sum``."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest

from convarchive.errors import PathExists, UsageError
from convarchive.export import FORMATS, FileFormat, Problem, Selection, TreeFormat, Wishes, export
from convarchive.model import Conversation, Recording

Select = Callable[..., Selection]

SOUND = b"RIFF" + bytes(range(256)) * 50
SHA256 = hashlib.sha256(SOUND).hexdigest()

with_sha512sum = pytest.mark.skipif(shutil.which("sha512sum") is None, reason="needs coreutils")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same moment for everybody."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")


@pytest.fixture
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording on the disk."""
    path = tmp_path_factory.mktemp("recordings") / f"{SHA256}.wav"
    path.write_bytes(SOUND)
    return path


@pytest.fixture
def many(select: Select, call: Conversation, sound: Path) -> Selection:
    """Two calls, one of them with a recording that is there, and a wish for it."""
    recorded = call._replace(recording=Recording(None, SHA256, len(SOUND), "audio/wav"))
    silent = call._replace(id="conv_2", recording=None, status="failed", started_at=None)
    return replace(
        select(silent, recorded, query="refund", documents={1: [("detail", b"{}")]}),
        understood="refund",
        recording={SHA256: sound}.get,
        wishes=Wishes(recordings=True, exported_by="Jane Doe, Example Ltd"),
    )


def wishing(selection: Selection, **wishes: Any) -> Selection:
    """The same with other wishes beside those that it has."""
    return replace(selection, wishes=selection.wishes._replace(**wishes))


def contents(root: Path) -> dict[str, bytes]:
    """Every file below, by its path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def exceptions(root: Path) -> list[dict[str, str]]:
    """What the package says is missing."""
    found = json.loads((root / "data" / "exceptions.json").read_bytes())
    return found["exceptions"]  # type: ignore[no-any-return]


def checked(root: Path, manifest: str) -> int:
    """The exit code of ``sha512sum -c``."""
    return subprocess.run(["sha512sum", "-c", manifest], cwd=root, capture_output=True).returncode


def unpacked(archive: Path, to: Path) -> Path:
    """The only entry of a ZIP archive, unpacked."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(to)
    (root,) = to.iterdir()
    return root


def test_the_library_of_congress_takes_it(many: Selection, tmp_path: Path) -> None:
    """As a directory, and as what comes out of a ZIP."""
    export(many, "bagit", tmp_path / "bag")
    assert bagit.Bag(str(tmp_path / "bag")).validate()
    export(many, "bagit", tmp_path / "bag.zip")
    assert bagit.Bag(str(unpacked(tmp_path / "bag.zip", tmp_path / "un"))).validate()


@with_sha512sum
def test_sha512sum_alone_takes_it(many: Selection, tmp_path: Path) -> None:
    """Both lists: of the data, and of what describes them."""
    export(many, "bagit", tmp_path / "bag")
    assert checked(tmp_path / "bag", "manifest-sha512.txt") == 0
    assert checked(tmp_path / "bag", "tagmanifest-sha512.txt") == 0


@with_sha512sum
@pytest.mark.parametrize(
    "name", ["data/conversations.jsonl", "data/text/conv_2.txt", "data/exceptions.json"]
)
def test_a_changed_byte_is_found(name: str, many: Selection, tmp_path: Path) -> None:
    """In any file of the data, by both."""
    export(many, "bagit", tmp_path / "bag")
    path = tmp_path / "bag" / name
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert checked(tmp_path / "bag", "manifest-sha512.txt") == 1
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "bag")).validate()


@pytest.mark.parametrize("name", ["cover.html", "bag-info.txt", "manifest.json"])
def test_a_changed_cover_is_found(name: str, many: Selection, tmp_path: Path) -> None:
    """What describes the data is listed, too."""
    export(many, "bagit", tmp_path / "bag")
    with (tmp_path / "bag" / name).open("ab") as file:
        file.write(b" \n")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "bag")).validate()


def test_every_file_is_listed(many: Selection, tmp_path: Path) -> None:
    """But for the list of lists, which is not in itself."""
    export(many, "bagit", tmp_path / "bag")
    root = tmp_path / "bag"
    listed = [
        line.split("  ", 1)[1]
        for name in ("manifest-sha512.txt", "tagmanifest-sha512.txt")
        for line in (root / name).read_text().splitlines()
    ]
    assert sorted([*listed, "tagmanifest-sha512.txt"]) == list(contents(root))


def test_the_zip_is_one_directory(many: Selection, tmp_path: Path) -> None:
    """Named as the archive is, as the standard wants it; the same files as without ZIP."""
    export(many, "bagit", tmp_path / "march calls.zip")
    export(many, "bagit", tmp_path / "bag")
    root = unpacked(tmp_path / "march calls.zip", tmp_path / "un")
    assert root.name == "march_calls"
    assert contents(root) == contents(tmp_path / "bag")


@pytest.mark.parametrize("fmt", [name for name in FORMATS if name != "bagit"])
def test_a_format_is_in_it_as_it_is_by_itself(fmt: str, many: Selection, tmp_path: Path) -> None:
    """To the byte: of one file under ``conversations``, of many in a directory."""
    export(wishing(many, formats=(fmt,)), "bagit", tmp_path / "bag")
    alone = replace(many, wishes=Wishes())
    export(alone, fmt, tmp_path / "alone")
    if isinstance(FORMATS[fmt], FileFormat):
        inside = tmp_path / "bag" / "data" / f"conversations.{fmt}"
        assert inside.read_bytes() == (tmp_path / "alone").read_bytes()
    else:
        assert contents(tmp_path / "bag" / "data" / fmt) == contents(tmp_path / "alone")


def test_what_is_in_it_when_nothing_is_said(many: Selection, tmp_path: Path) -> None:
    """The record, transcripts to read, the sound and what is missing; a format twice is one."""
    export(many, "bagit", tmp_path / "bag")
    names = {path.name for path in (tmp_path / "bag" / "data").iterdir()}
    assert names == {"conversations.jsonl", "text", "recordings", "exceptions.json"}
    export(wishing(many, formats=("csv", "csv"), recordings=False), "bagit", tmp_path / "other")
    names = {path.name for path in (tmp_path / "other" / "data").iterdir()}
    assert names == {"conversations.csv", "exceptions.json"}


def test_a_bag_does_not_go_into_a_bag(many: Selection, tmp_path: Path) -> None:
    """It is refused before anything is written."""
    with pytest.raises(UsageError, match="does not go into a bag"):
        export(wishing(many, formats=("jsonl", "bagit")), "bagit", tmp_path / "bag")
    with pytest.raises(UsageError, match="no format 'docx'"):
        export(wishing(many, formats=("docx",)), "bagit", tmp_path / "bag")
    assert list(tmp_path.iterdir()) == []


def test_a_recording_goes_in_once(many: Selection, tmp_path: Path) -> None:
    """However many calls have it, and though a format in the bag would have a place for it."""
    first, second = (conversation for _, conversation in many.conversations())
    twice = replace(
        wishing(many, formats=("dat",)),
        conversations=lambda: iter([(1, second), (2, second._replace(id="x")), (3, first)]),
        count=3,
    )
    export(twice, "bagit", tmp_path / "bag")
    found = contents(tmp_path / "bag")
    sounds = [name for name, data in found.items() if data == SOUND]
    assert sounds == [f"data/recordings/{SHA256}.wav"]
    assert [one["kind"] for one in exceptions(tmp_path / "bag")] == []


def test_what_is_missing_is_told(many: Selection, call: Conversation, tmp_path: Path) -> None:
    """Each thing of each conversation that one would look for, with a reason."""
    bare = call._replace(recording=None, turns=(), has_transcript=False)
    cases: dict[str, tuple[Conversation, str]] = {
        "going": (bare._replace(status="in_progress"), "in_progress"),
        "pending": (bare._replace(status="completed"), "transcript_pending"),
        "failed": (bare._replace(status="failed"), "no_transcript"),
        "empty": (bare._replace(has_transcript=True), "no_turns"),
        "lost": (call._replace(recording=Recording(None, "ab" * 32)), "recording_missing"),
        "damaged": (call._replace(recording=Recording(None, "cd" * 32)), "recording_damaged"),
        "damaged-too": (call._replace(recording=Recording(None, "cd" * 32)), "recording_damaged"),
        "noted": (call._replace(recording=None), "problem"),
        "whole": (call._replace(recording=None), ""),
    }
    calls = [one._replace(id=name) for name, (one, _) in cases.items()]
    some = replace(
        many,
        conversations=lambda: iter(enumerate(calls)),
        count=len(calls),
        recording=lambda sha256: many.recording(SHA256) if sha256 == "cd" * 32 else None,
        problems=lambda: [Problem("ayra", "noted", "500."), Problem("vapi", "whole", "404.")],
    )
    summary = export(some, "bagit", tmp_path / "bag")
    found = [(one["id"], one["kind"]) for one in exceptions(tmp_path / "bag")]
    assert found == [(name, kind) for name, (_, kind) in cases.items() if kind]
    assert exceptions(tmp_path / "bag")[-1]["why"] == "500."
    assert [lost.why for lost in summary.lost] == ["missing", "damaged", "damaged"]
    assert bagit.Bag(str(tmp_path / "bag")).info["Exceptions"] == "8"


def test_recordings_that_nobody_wished_for_are_not_missing(many: Selection, tmp_path: Path) -> None:
    """And are not in the bag, which says so."""
    export(wishing(many, recordings=False), "bagit", tmp_path / "bag")
    assert not (tmp_path / "bag" / "data" / "recordings").exists()
    assert bagit.Bag(str(tmp_path / "bag")).info["Recordings"] == "not asked for"


def test_the_bag_says_what_it_is(many: Selection, tmp_path: Path) -> None:
    """In ``bag-info.txt`` as the library reads it."""
    some = replace(many, query="refund since:2026", understood="refund since:2026-01-01T00:00:00Z")
    export(replace(some, absent=lambda: 7), "bagit", tmp_path / "bag")
    info = bagit.Bag(str(tmp_path / "bag")).info
    data = contents(tmp_path / "bag" / "data").values()
    assert info == {
        "Bagging-Date": "2026-01-01",
        "Bag-Software-Agent": info["Bag-Software-Agent"],
        "External-Description": "Phone conversations from the archive my-archive",
        "Payload-Oxum": f"{sum(map(len, data))}.{len(data)}",
        "Exported-By": "Jane Doe, Example Ltd",
        "Exported-At": "2026-01-01T00:00:00Z",
        "Archive": "my-archive",
        "Query": "refund since:2026",
        "Query-Understood": "refund since:2026-01-01T00:00:00Z",
        "Conversations": "2",
        "Turns": "4",
        "First-Started-At": "2026-01-15T10:42:00Z",
        "Last-Started-At": "2026-01-15T10:42:00Z",
        "Formats": "jsonl, text",
        "Recordings": "1",
        "Exceptions": "0",
        "Listed-But-Not-In-Archive": "7",
    }


def test_a_label_cannot_be_forged(many: Selection, tmp_path: Path) -> None:
    """Names and queries are one line each, whatever is in them."""
    hostile = "x\nPayload-Oxum: 0.0\r\n\u2028Archive: other\x85\x0b\x1c"
    some = replace(wishing(many, exported_by=hostile), query=hostile, archive=hostile)
    export(some, "bagit", tmp_path / "bag")
    bag = bagit.Bag(str(tmp_path / "bag"))
    assert bag.validate()
    assert bag.info["Payload-Oxum"] != "0.0"
    assert isinstance(bag.info["Archive"], str)  # and not a list of two


def test_the_same_again(many: Selection, tmp_path: Path) -> None:
    """With the clock and the name given, the same bytes."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        export(many, "bagit", tmp_path / name / "bag.zip")
    first, second = (tmp_path / name / "bag.zip" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_only_who_and_when_differ(
    many: Selection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At another time by another person the data are the same."""
    export(many, "bagit", tmp_path / "a")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    export(wishing(many, exported_by="John Roe"), "bagit", tmp_path / "b")
    first, second = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert {name for name in first if first[name] != second[name]} == {
        "cover.html", "bag-info.txt", "manifest.json", "tagmanifest-sha512.txt"
    }  # fmt: skip


def test_the_clock_and_the_user_where_nothing_is_given(
    many: Selection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is now, and whoever runs it, on this machine."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    monkeypatch.setattr("getpass.getuser", lambda: "jane")
    monkeypatch.setattr("platform.node", lambda: "legal-7")
    export(wishing(many, exported_by=""), "bagit", tmp_path / "bag")
    info = bagit.Bag(str(tmp_path / "bag")).info
    assert info["Exported-By"] == "jane on legal-7"
    assert info["Exported-At"] > "2026-01-02"


@pytest.mark.parametrize("epoch", ["yesterday", "1.5", "9" * 30])
def test_a_clock_that_is_none_is_told(
    epoch: str, many: Selection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not taken for now."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH is no time"):
        export(many, "bagit", tmp_path / "bag")
    assert list(tmp_path.iterdir()) == []


def test_a_user_without_a_name_is_one(
    many: Selection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, where the number is nobody's."""

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.setattr("platform.node", lambda: "")
    export(wishing(many, exported_by=""), "bagit", tmp_path / "bag")
    by = bagit.Bag(str(tmp_path / "bag")).info["Exported-By"]
    assert by.endswith("on an unnamed machine")
    assert by.split()[0] in ("user", "an")


@pytest.mark.parametrize("fmt", ["bagit", "dat", "rsmf"])
def test_an_earlier_one_is_replaced_when_told_to(fmt: str, many: Selection, tmp_path: Path) -> None:
    """It is known by its manifest, as every export is."""
    some = wishing(many, exported_by="") if fmt != "bagit" else many
    export(some, fmt, tmp_path / "out")
    with pytest.raises(PathExists, match="--force"):
        export(some, fmt, tmp_path / "out")
    export(some, fmt, tmp_path / "out", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_another_programs_bag_is_never_replaced(many: Selection, tmp_path: Path) -> None:
    """A bag alone is no sign that it was ours."""
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "thesis.txt").write_text("forty years of work")
    bagit.make_bag(str(tmp_path / "bag"), checksums=["sha512"])
    with pytest.raises(PathExists, match="not replaced"):
        export(many, "bagit", tmp_path / "bag", force=True)
    assert (tmp_path / "bag" / "data" / "thesis.txt").read_text() == "forty years of work"


def test_a_wish_that_nothing_in_the_bag_grants_is_refused(many: Selection, tmp_path: Path) -> None:
    """As with any other format."""
    with pytest.raises(UsageError, match="knows nothing of --revision all"):
        export(wishing(many, revisions=True), "bagit", tmp_path / "bag")


def test_an_empty_selection_is_a_valid_bag(select: Select, tmp_path: Path) -> None:
    """That nothing was found can be evidence as well."""
    export(select(query="nothing"), "bagit", tmp_path / "bag")
    assert bagit.Bag(str(tmp_path / "bag")).validate()
    assert "0 phone conversations" in (tmp_path / "bag" / "cover.html").read_text()


@pytest.mark.parametrize("fmt", ["bagit", "dat", "rsmf"])
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_sound_passes_through_a_piece_at_a_time(
    name: str, fmt: str, many: Selection, sound: Path, tmp_path: Path
) -> None:
    """A recording of 20 MB passes through less than three."""
    sound.write_bytes(bytes(range(250)) * 80_000)
    recording = Recording(None, hashlib.sha256(sound.read_bytes()).hexdigest())
    calls = [(key, call._replace(recording=recording)) for key, call in many.conversations()]
    some = replace(many, conversations=lambda: iter(calls), recording=lambda _: sound)
    some = wishing(some, exported_by=some.wishes.exported_by if fmt == "bagit" else "")
    export(some, fmt, tmp_path / f"warm-{name}")
    tracemalloc.start()
    lost = export(some, fmt, tmp_path / name).lost
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (lost, peak < 3_000_000) == ((), True)


def test_a_wish_goes_to_the_format_that_grants_it(
    many: Selection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for recordings, which the bag itself has."""
    heard: list[Wishes] = []
    grants = frozenset({"revisions"})
    able = TreeFormat("able", "", lambda inner, _: heard.append(inner.wishes), grants)
    monkeypatch.setattr("convarchive.export.FORMATS", {**FORMATS, "able": able})
    export(wishing(many, formats=("able", "dat"), revisions=True), "bagit", tmp_path / "bag")
    assert heard == [Wishes(revisions=True)]
    assert bagit.Bag(str(tmp_path / "bag")).validate()
