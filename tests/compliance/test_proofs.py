"""Proofs, checked as a stranger does: by a program that has only the proof, and stands alone."""

from __future__ import annotations

import ast
import base64
import contextlib
import copy
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.compliance.signed import ODD, SOUND, make

from convarchive import Archive
from convarchive.compliance import notes, proofs
from convarchive.errors import ConvarchiveError, DamageFound, NotFound
from convarchive.store import database, ledger, merkle

spec = importlib.util.find_spec("convarchive.verify_proof")
assert spec is not None
assert spec.origin is not None
CHECKER = Path(spec.origin)


class Proved(NamedTuple):
    """An archive whose ledger is signed, and files of it."""

    directory: Path
    vkey: str
    key: int
    """Of a conversation that was seen in two states and has a recording."""
    other: int


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Proved:
    """Five conversations, one of them changed since."""
    directory = tmp_path_factory.mktemp("proved") / "archive"
    with make(directory) as archive:
        vkey = archive.verifier_keys()[-1]
        return Proved(directory, vkey, archive.find(ODD), archive.find("conv_1"))


@pytest.fixture
def mine(proved: Proved, tmp_path: Path) -> Proved:
    """The same, to be changed."""
    shutil.copytree(proved.directory, tmp_path / "archive")
    return proved._replace(directory=tmp_path / "archive")


@contextlib.contextmanager
def prover(proved: Proved) -> Iterator[proofs.Prover]:
    """What makes proofs of it."""
    with Archive.open(proved.directory) as archive:
        yield archive.prover()


@pytest.fixture(scope="module")
def proof(proved: Proved) -> proofs.Proof:
    """Of the conversation that changed: its newest state, and its recording."""
    with prover(proved) as made:
        return made.of(proved.key)


@pytest.fixture(scope="module")
def documents(proved: Proved, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The vendor's bytes of that conversation, and its sound."""
    folder = tmp_path_factory.mktemp("documents")
    with Archive.open(proved.directory) as archive:
        for name, body in archive.documents(proved.key):
            (folder / f"{name}.json").write_bytes(body)
    (folder / "sound.wav").write_bytes(SOUND)
    return sorted(folder.iterdir())


Holds = Callable[..., bool]


@pytest.fixture(scope="module")
def holds(tmp_path_factory: pytest.TempPathFactory) -> Holds:
    """``holds(proof, *documents, key=…)``: what the checker says, in this process to be fast."""
    from convarchive import verify_proof

    path = tmp_path_factory.mktemp("checked") / "p.proof.json"

    def holds(proof: proofs.Proof | bytes, *documents: Path, key: str | None = None) -> bool:
        path.write_bytes(proof if isinstance(proof, bytes) else proofs.written(proof))
        options = [] if key is None else ["--key", key]
        arguments = ["verify_proof.py", str(path), *options, *map(str, documents)]
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
            patch.setattr(sys, "argv", arguments)
            try:
                verify_proof.main()
            except Exception:  # noqa: BLE001 - as the program itself: any error is a no
                return False
        return True

    return holds


def bare(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The checker as a process that can't import convarchive."""
    shutil.copy(CHECKER, folder / "verify_proof.py")
    program = (
        "import runpy, sys; sys.modules['convarchive'] = None;"
        " runpy.run_path('verify_proof.py', run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", program, *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip


# What holds


def test_a_stranger_checks_it(
    tmp_path: Path, proved: Proved, proof: proofs.Proof, documents: list[Path]
) -> None:
    """With the proof, the vendor's bytes and the key alone, in a process without convarchive."""
    (tmp_path / "p.json").write_bytes(proofs.written(proof))
    told = bare(tmp_path, "p.json", "--key", proved.vkey, *documents)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.count(" is what was stored: SHA-256 ") == len(documents)
    assert told.stdout.splitlines()[-1] == f"PROVED, if you trust the key: {proved.vkey!a}"


def test_it_says_when_the_key_came_with_the_proof(tmp_path: Path, proof: proofs.Proof) -> None:
    """Since then it is the proof itself that says who vouches for it."""
    (tmp_path / "p.json").write_bytes(proofs.written(proof))
    told = bare(tmp_path, "p.json")
    assert told.returncode == 0
    assert "if you trust the key that came with it" in told.stdout


def test_what_strangers_wrote_drives_no_terminal(tmp_path: Path, proof: proofs.Proof) -> None:
    """The checker prints ASCII alone, though the id has escapes."""
    (tmp_path / "p.json").write_bytes(proofs.written(proof))
    told = bare(tmp_path, "p.json").stdout
    assert "odd_" in told
    assert re.fullmatch(r"[\x20-\x7e\n]*", told)


def test_it_is_about_the_state_and_the_recording(proof: proofs.Proof) -> None:
    """The newest state, that it has the recording, and the recording's bytes."""
    kinds = [json.loads(part["leaf"])["kind"] for part in proof["proofs"]]
    assert kinds == ["revision", "recording", "sound"]
    state, _, sound = (part["content"] for part in proof["proofs"])
    assert (state["id"], state["revision"]) == (ODD, 2)
    assert (sound["sha256"], sound["stored"]) == (sha256(SOUND).hexdigest(), True)


def test_every_conversation_and_every_state(proved: Proved, holds: Holds) -> None:
    """Has a proof that holds."""
    with Archive.open(proved.directory) as archive:
        made = archive.prover()
        for key in archive.keys(""):
            assert holds(made.of(key), key=proved.vkey)
        both = made.of_all_states(proved.key)
    assert holds(both, key=proved.vkey)
    states = [p["content"]["revision"] for p in both["proofs"] if "revision" in p["content"]]
    assert states == [1, 2]


def test_an_earlier_state_comes_without_the_recording(proved: Proved, holds: Holds) -> None:
    """Which goes with the newest."""
    with prover(proved) as made:
        proof = made.of(proved.key, [1])
    assert [part["content"]["revision"] for part in proof["proofs"]] == [1]
    assert holds(proof)


def test_the_same_bytes_each_time(proved: Proved, proof: proofs.Proof) -> None:
    """Made again, it is the same file."""
    with prover(proved) as made:
        assert proofs.written(made.of(proved.key)) == proofs.written(proof)


def test_other_tools_can_read_the_tlog_proof(proved: Proved, proof: proofs.Proof) -> None:
    """It has the form of c2sp.org/tlog-proof, and its checkpoint that of a signed note."""
    hashed, number = r"[A-Za-z0-9+/]{43}=\n", r"(0|[1-9]\d*)"
    note = rf"\S+\n{number}\n{hashed}\n— .*\n"
    form = rf"c2sp\.org/tlog-proof@v1\nindex {number}\n((?:{hashed})*)\n({note})"
    for part in proof["proofs"]:
        found = re.fullmatch(form, part["tlog_proof"])
        assert found is not None
        path = [base64.b64decode(line) for line in found[2].split()]
        body = notes.verify(found[3].encode(), [proved.vkey]).body
        _, size, root = body.decode().split()
        leaf = merkle.leaf_hash(part["leaf"].encode())
        assert merkle.includes(leaf, int(found[1]), int(size), path, base64.b64decode(root))


# What does not hold


@given(st.data())
def test_no_bit_of_it_can_be_another(
    proved: Proved, proof: proofs.Proof, holds: Holds, data: st.DataObject
) -> None:
    """Wherever it is, whether the key comes with it or not."""
    whole = proofs.written(proof)
    at = data.draw(st.integers(0, 8 * len(whole) - 1))
    changed = flipped(whole, at)
    assert not holds(changed)
    assert not holds(changed, key=proved.vkey)


@pytest.mark.slow
def test_no_byte_at_all(proved: Proved, holds: Holds) -> None:
    """Each byte of a whole proof in turn, by a bit or two of it: every seventh of all bits."""
    with prover(proved) as made:
        whole = proofs.written(made.of(proved.other))
    assert holds(whole)
    assert [at for at in range(0, 8 * len(whole), 7) if holds(flipped(whole, at))] == []


@given(st.data())
def test_no_bit_of_a_document_can_be_another(
    proof: proofs.Proof, holds: Holds, documents: list[Path], data: st.DataObject
) -> None:
    """The bytes that are handed over have to be the very ones."""
    path = data.draw(st.sampled_from(documents))
    body = path.read_bytes()
    other = path.with_suffix(".changed")
    other.write_bytes(flipped(body, data.draw(st.integers(0, 8 * len(body) - 1))))
    assert not holds(proof, other)
    other.unlink()


def test_documents_of_another_conversation(proved: Proved, holds: Holds, tmp_path: Path) -> None:
    """Are not what this proof is about."""
    with Archive.open(proved.directory) as archive:
        own = tmp_path / "own.json"
        own.write_bytes(archive.documents(proved.other)[0][1])
        mine, others = (archive.prover().of(key) for key in (proved.other, proved.key))
    assert holds(mine, own)
    assert not holds(others, own)
    assert not holds(mine, own, tmp_path / "missing.json")


def test_parts_of_two_proofs_do_not_go_together(proved: Proved, holds: Holds) -> None:
    """Neither leaf, salt, content nor way to the root of another conversation will do."""
    with prover(proved) as made:
        one, two = made.of(proved.other), made.of(proved.key, [2])
    for name in ("leaf", "salt", "content", "tlog_proof"):
        mixed = copy.deepcopy(one)
        mixed["proofs"][0][name] = two["proofs"][0][name]
        assert not holds(mixed), name


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.pop("schema"),
        lambda p: p.pop("verifier_key"),
        lambda p: p.pop("proofs"),
        lambda p: p.update(schema="convarchive.proof/2"),
        lambda p: p.update(proofs=[]),
        lambda p: p.update(proofs={}),
        lambda p: p.update(verifier_key=""),
        lambda p: p["proofs"][0].pop("salt"),
        lambda p: p["proofs"][0].pop("content"),
        lambda p: p["proofs"][0].update(salt=None),
        lambda p: p["proofs"][0].update(content=None),
        lambda p: p["proofs"][0].update(salt=p["proofs"][0]["salt"].upper() + " "),
        lambda p: p["proofs"][0]["content"].update(more=1),
        lambda p: p["proofs"][0]["content"]["documents"].append(["x", "0" * 64, 1]),
        lambda p: p["proofs"][0].update(leaf=p["proofs"][0]["leaf"] + " "),
        lambda p: p["proofs"][0].update(leaf=1),
        lambda p: p["proofs"].append({}),
        lambda p: p["proofs"][0].update(tlog_proof=""),
        lambda p: p["proofs"][0].update(tlog_proof=p["proofs"][0]["tlog_proof"] + "\n"),
        lambda p: rewritten(p, "index ", "extra YQ==\nindex "),
        lambda p: rewritten(p, "index ", "index +"),
        lambda p: rewritten(p, "index ", "index 0"),
        lambda p: rewritten(p, "index ", "index -"),
        lambda p: rewritten(p, "=\n\n", "=\n" + "A" * 43 + "=\n\n"),
        lambda p: rewritten(p, "=\n", "=\r\n"),
        lambda p: rewritten(p, "— ", "- "),
    ],
)  # fmt: skip
def test_a_proof_that_was_tampered_with(
    proof: proofs.Proof, holds: Holds, change: Callable[[Any], object]
) -> None:
    """Is none, whatever was added, left out or written otherwise."""
    changed = copy.deepcopy(proof)
    change(changed)
    assert holds(proof)
    assert not holds(changed)


@pytest.mark.parametrize("rubbish", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_rubbish_is_no_proof(rubbish: bytes, tmp_path: Path) -> None:
    """And it is said in one line, without a traceback."""
    (tmp_path / "p.json").write_bytes(rubbish)
    told = bare(tmp_path, "p.json")
    assert told.returncode == 1
    assert re.fullmatch(r"NOT PROVED: [ -~]*\n", told.stderr)
    assert "PROVED, if" not in told.stdout


def test_a_proof_of_another_archive(proof: proofs.Proof, holds: Holds, tmp_path: Path) -> None:
    """Holds by its own key, and not by that of this one."""
    with Archive.create(tmp_path / "other") as archive:
        other = archive.verifier_keys()[-1]
    assert holds(proof)
    assert not holds(proof, key=other)


def test_a_forger_needs_the_key(proved: Proved, proof: proofs.Proof, holds: Holds) -> None:
    """A ledger of one's own making, under the archive's name, signed by a key of one's own, holds
    for who takes the key that came with it, and for nobody who has the right one."""
    name, key, salt = proved.vkey.split("+")[0], Ed25519PrivateKey.generate(), b"0" * 16
    content = {**proof["proofs"][0]["content"], "received_at": "2019-01-01T00:00:00.000000Z"}
    leaf = ledger.canonical({"kind": "revision", "commitment": ledger.commitment(salt, content)})
    root = base64.b64encode(merkle.leaf_hash(leaf)).decode()
    note = notes.sign(f"{name}\n1\n{root}\n".encode(), name, key).decode()
    forged = {
        "schema": proofs.SCHEMA,
        "verifier_key": notes.verifier_key(name, key.public_key().public_bytes_raw()),
        "proofs": [{"leaf": leaf.decode(), "salt": salt.hex(), "content": content,
                    "tlog_proof": f"c2sp.org/tlog-proof@v1\nindex 0\n\n{note}"}],
    }  # fmt: skip
    assert holds(forged)
    assert not holds(forged, key=proved.vkey)
    assert not holds({**forged, "verifier_key": proved.vkey})


# What can't be proved


def test_nothing_is_proved_without_a_signature(mine: Proved) -> None:
    """It is said what to do."""
    shutil.rmtree(mine.directory / "checkpoints")
    with pytest.raises(ConvarchiveError, match="convarchive checkpoint"), prover(mine):
        pass


def test_what_came_after_the_checkpoint(mine: Proved) -> None:
    """Is not covered by it, and what came before is."""
    oldest, *newer = sorted((mine.directory / "checkpoints").glob("0*.txt"))
    for path in newer:
        path.unlink()
    assert newer
    with prover(mine) as made:
        assert made.of(mine.other)["proofs"]
        assert made.checkpoint.path == oldest
        with pytest.raises(ConvarchiveError, match=r"is not signed yet.*convarchive checkpoint"):
            made.of(mine.key)


def test_a_checkpoint_that_is_damaged_is_passed_over(mine: Proved, holds: Holds) -> None:
    """The one before it will do, as far as it goes."""
    newest = max((mine.directory / "checkpoints").glob("0*.txt"))
    newest.write_bytes(newest.read_bytes().replace(b"=\n", b"A\n"))
    with prover(mine) as made:
        assert made.checkpoint.path != newest
        assert holds(made.of(mine.other), key=mine.vkey)


def test_a_newer_checkpoint_than_what_is_read(mine: Proved, holds: Holds) -> None:
    """Is not used: while an export goes on, a sync may write one."""
    with Archive.open(mine.directory) as archive, archive.snapshot():
        keys = archive.keys()
        with Archive.open(mine.directory) as another:
            grow(another)
            newer = another.checkpoint()
        made = archive.prover()
        assert made.checkpoint.size < newer.size
        assert all(holds(made.of(key)) for key in keys)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE revisions SET salt = randomblob(16)",
        "UPDATE revisions SET received_at = '2020-01-01T00:00:00.000000Z'",
        "UPDATE documents SET sha256 = printf('%064d', 0)",
        "UPDATE recordings SET fetched_at = '2020'",
        "UPDATE conversation_recordings SET salt = randomblob(16)",
        "DROP TRIGGER ledger_is_not_changed",
        "DROP TRIGGER ledger_is_not_shortened",
    ],
)
def test_no_proof_of_what_is_damaged(mine: Proved, statement: str) -> None:
    """What does not fit the ledger, or a ledger that does not fit its checkpoint, is told."""
    connection = database.connect(mine.directory, write=True)
    connection.execute(statement)
    if statement.endswith("changed"):
        connection.execute("UPDATE ledger SET entry = entry || ' ' WHERE kind = 'archive'")
    if statement.endswith("shortened"):
        connection.execute("DELETE FROM ledger WHERE position = 0")
    connection.close()
    with prover(mine) as made, pytest.raises(DamageFound, match="convarchive verify"):
        made.of(mine.key)


def test_a_state_that_never_was(proved: Proved) -> None:
    """Is not found."""
    with prover(proved) as made, pytest.raises(NotFound, match="no revision 3"):
        made.of(proved.key, [1, 3])


def test_a_conversation_that_was_never_erased(proved: Proved) -> None:
    """Has no tombstone to be proved."""
    with prover(proved) as made, pytest.raises(NotFound, match="was erased"):
        made.of_tombstone(proved.key)


# The checker itself


def test_the_checker_is_short_and_stands_alone() -> None:
    """Someone who has to trust it can read it: no more than 80 lines of code, and nothing but the
    standard library and `cryptography`."""
    tree = ast.parse(CHECKER.read_text(encoding="utf-8"))
    modules = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
        )
    }
    assert modules - set(sys.stdlib_module_names) == {"cryptography"}
    assert lines_of_code(tree) <= 80


def lines_of_code(tree: ast.Module) -> int:
    """Lines without docstrings, comments and empty ones."""
    told: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            told.update(range(first.lineno, (first.end_lineno or 0) + 1))
    text = CHECKER.read_text(encoding="utf-8").splitlines()
    code = [line.strip() for at, line in enumerate(text, start=1) if at not in told]
    return sum(bool(line) and not line.startswith("#") for line in code)


def flipped(data: bytes, at: int) -> bytes:
    """With this bit another."""
    changed = bytearray(data)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def rewritten(proof: Any, text: str, other: str) -> None:
    """Put something else into the first tlog-proof of a proof."""
    part = proof["proofs"][0]
    assert text in part["tlog_proof"]
    part["tlog_proof"] = part["tlog_proof"].replace(text, other, 1)


def grow(archive: Archive) -> None:
    """Put something into the ledger."""
    with archive.writing("test") as connection, database.transaction(connection):
        ledger.append(connection, "test", "2026-01-01T00:00:00.000000Z")
