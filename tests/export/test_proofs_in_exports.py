"""Exports with proofs: each conversation can be checked by whoever receives it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest
from tests.compliance.signed import ODD, make

from convarchive import Archive
from convarchive.cli import run as command_line
from convarchive.errors import UsageError
from convarchive.export import FORMATS, FileFormat, Selection, TreeFormat, Wishes, export
from convarchive.model import Conversation
from convarchive.redact import Redaction, kinds

ABLE = [name for name, made in FORMATS.items() if "proofs" in made.grants]
TREES = [name for name in ABLE if isinstance(FORMATS[name], TreeFormat)]
BESIDE = [name for name in TREES if name not in ("dat", "bagit")]

Export = Callable[..., Path]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive that is signed."""
    with make(tmp_path_factory.mktemp("signed") / "archive") as archive:
        yield archive


@pytest.fixture
def exported(signed: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """``exported(name, *options)``: what the command writes there."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")

    def exported(name: str, *options: str) -> Path:
        path = tmp_path / name
        directory = str(signed.directory)
        assert command_line(["-a", directory, "-q", "export", *options, "-o", str(path)]) == 0
        return path

    return exported


def checked(folder: Path, *arguments: str | Path, program: Path | None = None) -> int:
    """The exit code of the checker that lies in a directory, in a process without convarchive."""
    code = (
        "import runpy, sys; sys.modules['convarchive'] = None; sys.argv[:1] = [];"
        " runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    name = program or folder / "verify_proof.py"
    return subprocess.run(
        [sys.executable, "-I", "-c", code, name, *arguments], cwd=folder, capture_output=True
    ).returncode


def contents(root: Path) -> dict[str, bytes]:
    """Every file below, by its path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_which_formats_can() -> None:
    """All with a file a conversation, and those of one file that are whole."""
    trees = [name for name, made in FORMATS.items() if isinstance(made, TreeFormat)]
    assert trees == TREES
    assert set(ABLE) - set(trees) == {"jsonl", "json"}


@pytest.mark.parametrize("fmt", sorted(set(FORMATS) - set(ABLE)))
def test_which_formats_cannot(
    select: Callable[..., Selection], call: Conversation, tmp_path: Path, fmt: str
) -> None:
    """Refuse it, and say which can."""
    selection = replace(select(call), wishes=Wishes(proofs=True))
    with pytest.raises(UsageError, match=r"--with-proofs.*jsonl, json, text") as raised:
        export(selection, fmt, tmp_path / "x")
    assert raised.value.exit_code == 2
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("fmt", BESIDE)
def test_a_proof_beside_each_conversation(exported: Export, fmt: str) -> None:
    """And the program that checks it, which takes each of them."""
    root = exported(fmt, "-f", fmt, "--with-proofs")
    found = sorted(root.glob("*.proof.json"))
    assert len(found) == 5
    assert [checked(root, path.name) for path in found] == [0] * 5


@pytest.mark.parametrize("fmt", BESIDE)
def test_the_manifest_lists_the_proofs(exported: Export, fmt: str) -> None:
    """With their checksums, and it says how to check them."""
    manifest = json.loads(
        (exported(fmt, "-f", fmt, "--with-proofs") / "manifest.json").read_bytes()
    )
    listed = [each for each in manifest["conversations"] if each["file"].endswith(".proof.json")]
    assert len(listed) == 5
    assert "python verify_proof.py PROOF.json" in manifest["proofs"]


def test_the_vendors_bytes_are_checked(exported: Export, signed: Archive) -> None:
    """``raw`` has them beside their proof, and the sound; those of another call are refused."""
    root = exported("raw", "-f", "raw", "--with-proofs", "--with-recordings", "--revision", "all")
    manifest = json.loads((root / "manifest.json").read_bytes())
    files: dict[str, list[str]] = {}
    for entry in manifest["conversations"]:
        files.setdefault(entry["id"], []).append(entry["file"])
    assert len(files[ODD]) == 4  # two states, the sound, the proof
    key = signed.verifier_keys()[-1]
    for names in files.values():
        (proof,) = (name for name in names if name.endswith(".proof.json"))
        documents = [name for name in names if name != proof]
        assert checked(root, proof, "--key", key, *documents) == 0
    strangers = [name for name in files["conv_1"] if not name.endswith(".proof.json")]
    assert checked(root, "conv_0.proof.json", *strangers) == 1


def test_a_changed_byte_of_what_was_exported(exported: Export) -> None:
    """Is found by the checker that lies beside it."""
    root = exported("raw", "-f", "raw", "--with-proofs")
    path = root / "conv_1.detail.json"
    assert checked(root, "conv_1.proof.json", path.name) == 0
    path.write_bytes(path.read_bytes().replace(b"help", b"Help"))
    assert checked(root, "conv_1.proof.json", path.name) == 1


def test_in_a_zip(exported: Export, tmp_path: Path) -> None:
    """It is the same as in a directory."""
    root = exported("raw", "-f", "raw", "--with-proofs")
    with zipfile.ZipFile(exported("raw.zip", "-f", "raw", "--with-proofs")) as packed:
        packed.extractall(tmp_path / "un")
    assert contents(tmp_path / "un") == contents(root)


def test_in_a_bag(exported: Export) -> None:
    """They are in it once, whatever formats are, and the Library of Congress takes it."""
    options = ("-f", "bagit", "--bag-format", "raw", "--bag-format", "text", "--with-recordings")
    root = exported("bag", *options, "--exported-by", "Jane", "--with-proofs")
    assert bagit.Bag(str(root)).validate()
    found = sorted(root.rglob("*.proof.json"))
    assert [path.parent for path in found] == [root / "data" / "proofs"] * 5
    (document,) = (root / "data" / "raw").glob("conv_1.*")
    assert checked(root / "data" / "proofs", "conv_1.proof.json", document) == 0
    assert "data/proofs/" in (root / "cover.html").read_text(encoding="utf-8")


def test_in_a_load_file(exported: Export) -> None:
    """The proof is a document of the family, behind what the vendor sent."""
    root = exported("dat", "-f", "dat", "--with-proofs")
    text = (root / "loadfile.dat").read_text(encoding="utf-8-sig")
    heads, *rows = [
        [cell.strip("þ") for cell in line.split("\x14")]
        for line in text.removesuffix("\n").split("\n")
    ]
    proofs = [row for row in (dict(zip(heads, row, strict=True)) for row in rows)
              if row["RECORDTYPE"] == "Proof of integrity"]  # fmt: skip
    assert len(proofs) == 5
    assert [checked(root, row["NATIVELINK"]) for row in proofs] == [0] * 5


@pytest.mark.parametrize("revision", ["newest", "all"])
@pytest.mark.parametrize("fmt", [name for name in ABLE if isinstance(FORMATS[name], FileFormat)])
def test_a_proof_in_each_record(exported: Export, tmp_path: Path, fmt: str, revision: str) -> None:
    """In one file it is a field, and is about the very state."""
    text = exported("x", "-f", fmt, "--with-proofs", "--revision", revision).read_text("utf-8")
    whole = [json.loads(line) for line in text.splitlines()] if fmt == "jsonl" else []
    records = whole[1:-1] or json.loads(text)["conversations"]
    assert len(records) == (6 if revision == "all" else 5)
    program = importlib.util.find_spec("convarchive.verify_proof")
    assert program is not None
    for record in records:
        state = record["proof"]["proofs"][0]["content"]
        assert (state["id"], state["revision"]) == (record["id"], record["revision"])
        (tmp_path / "p.json").write_text(json.dumps(record["proof"]), encoding="utf-8")
        assert checked(tmp_path, "p.json", program=Path(str(program.origin))) == 0


@pytest.mark.parametrize("fmt", ABLE)
def test_the_same_bytes_each_time(exported: Export, signed: Archive, fmt: str) -> None:
    """To export appends nothing to what was signed."""
    options = ("-f", fmt, "--with-proofs", *(["--exported-by", "Jane"] if fmt == "bagit" else []))
    before = signed.checkpoints()
    one, two = exported("one", *options), exported("two", *options)
    if one.is_dir():
        assert contents(one) == contents(two)
    else:
        assert one.read_bytes() == two.read_bytes()
    assert signed.checkpoints() == before


@pytest.mark.parametrize("fmt", ["jsonl", "raw", "text"])
def test_without_the_wish_nothing_is_different(exported: Export, fmt: str) -> None:
    """The proofs are all that the option adds, and how to check them."""
    plain, proved = exported("plain", "-f", fmt), exported("proved", "-f", fmt, "--with-proofs")
    if plain.is_dir():
        added = set(contents(proved)) - set(contents(plain))
        assert all(name.endswith(("proof.json", "verify_proof.py")) for name in added)
        assert len(added) == 6
        return
    records = [json.loads(line) for line in proved.read_text("utf-8").splitlines()][1:-1]
    without = [{k: v for k, v in each.items() if k != "proof"} for each in records]
    assert without == [json.loads(line) for line in plain.read_text("utf-8").splitlines()][1:-1]


@pytest.mark.parametrize("fmt", ["jsonl", "json", "raw", "bagit"])
def test_an_import_passes_over_the_proofs(exported: Export, tmp_path: Path, fmt: str) -> None:
    """Nothing is a problem; what was imported is what was exported, and it is known again."""
    path = exported("proved", "-f", fmt, "--with-proofs")
    with Archive.create(tmp_path / "target") as target:
        report = target.import_files([path])
        assert (report.new, report.changed, report.problems) == (5, 0, 0)
        again = target.import_files([exported("plain", "-f", fmt)])
        assert (again.new, again.changed, again.problems) == (0, 0, 0)


def test_not_together_with_redaction(
    signed: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is redacted is not what was stored; nothing is written."""
    path = tmp_path / "x"
    options = ["export", "-f", "raw", "--with-proofs", "--redact", "phone", "-o", str(path)]
    assert command_line(["-a", str(signed.directory), *options]) == 2
    assert "is not what was stored" in capsys.readouterr().err
    assert not path.exists()


def test_what_is_redacted_has_no_proof(
    select: Callable[..., Selection], call: Conversation, tmp_path: Path
) -> None:
    """Whoever asks for both, past the command line, gets neither."""
    selection = replace(select(call), wishes=Wishes(proofs=True), proof=lambda *_: {})
    with (
        Redaction(selection, kinds(["phone"])) as redaction,
        pytest.raises(UsageError, match="no proofs"),
    ):
        export(redaction.selection, "raw", tmp_path / "x")
    assert not any(tmp_path.iterdir())


def test_what_is_not_signed_yet(
    signed: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is not exported with proofs; it is said what to do, and nothing is written."""
    import shutil

    shutil.copytree(signed.directory, tmp_path / "archive")
    _, *newer = sorted((tmp_path / "archive" / "checkpoints").glob("0*.txt"))
    for path in newer:
        path.unlink()
    options: list[Any] = ["-f", "raw", "--with-proofs", "-o", str(tmp_path / "x")]
    assert command_line(["-a", str(tmp_path / "archive"), "export", *options]) == 1
    assert "convarchive checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
