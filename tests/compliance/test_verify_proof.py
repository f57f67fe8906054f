"""The program that checks proofs stands alone, and nothing that is wrong gets past it."""

from __future__ import annotations

import ast
import base64
import copy
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.compliance.signed import CHECKER, Holds, Proved, bare, prover

from convarchive import Archive
from convarchive.compliance import notes, proofs
from convarchive.store import ledger, merkle


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


@pytest.mark.parametrize("key", ["", " ", "x", "a+b+c"])
def test_a_key_that_is_none(proof: proofs.Proof, holds: Holds, key: str) -> None:
    """Such as from a file that is empty: the key that came with the proof does not stand in."""
    assert not holds(proof, key=key)


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
