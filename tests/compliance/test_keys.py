"""The key is made once, outside of the archive, and nothing that is written or said tells it."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from tests.compliance.conftest import grow
from tests.conftest import make_archive

from convarchive import Archive, settings
from convarchive.compliance import keys, notes
from convarchive.errors import ConvarchiveError, SettingsError, UsageError
from convarchive.sandbox import Sandbox
from convarchive.store import ledger

Cli = Callable[..., Any]

PKCS8 = PrivateFormat.PKCS8


def pem(private: Any = None, encryption: Any = None) -> bytes:
    """A private key in PEM: a new Ed25519 one, if none is given."""
    private = private or Ed25519PrivateKey.generate()
    made: bytes = private.private_bytes(Encoding.PEM, PKCS8, encryption or NoEncryption())
    return made


def place(archive: Archive) -> Path:
    """Where the key is when nothing is said."""
    return keys.usual_place(archive._connection())


def sign(archive: Archive, text: str) -> None:
    """Write the table ``[signing]``."""
    path = archive.directory / settings.FILE
    path.write_text(f"{path.read_text()}\n[signing]\n{text}\n")


def entries(archive: Archive) -> list[dict[str, Any]]:
    """Those of the ledger that say a key."""
    found = [entry.fields for entry in ledger.read(archive._connection())]
    return [fields for fields in found if fields["kind"] == keys.KEY]


def test_it_is_made_with_the_archive(signed: Archive, key_home: Path) -> None:
    """In a file of the archive's id in the user's data, which its owner alone can read."""
    path = place(signed)
    name = keys.name(signed._connection())
    assert path.is_relative_to(key_home)
    assert f"convarchive/{path.stem}" == name
    assert signed.unkept is None
    private = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(private, Ed25519PrivateKey)
    vkey = notes.verifier_key(name, private.public_key().public_bytes_raw())
    assert signed.verifier_keys() == [vkey]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_verifier_key_is_in_three_places(signed: Archive) -> None:
    """In the ledger, in the table ``meta``, and beside the checkpoints."""
    signed.checkpoint()
    (vkey,) = signed.verifier_keys()
    assert [entry["verifier_key"] for entry in entries(signed)] == [vkey]
    assert signed._connection().execute(
        "SELECT value FROM meta WHERE name = 'verifier_key'"
    ).fetchone() == (vkey,)
    text = (signed.directory / "checkpoints" / "verifier-key.txt").read_text()
    assert text == f"{vkey}\n"


def test_two_archives_have_two_keys(tmp_path: Path, signed: Archive) -> None:
    """Beside each other, and each signs with its own."""
    with Archive.create(tmp_path / "other") as other:
        assert place(other).parent == place(signed).parent
        assert place(other).read_bytes() != place(signed).read_bytes()
        for each in (signed, other, signed):
            grow(each)
            assert each.checkpoint().signed_by == tuple(each.verifier_keys())
        assert not set(signed.verifier_keys()) & set(other.verifier_keys())


def test_only_keys_are_left_in_their_directory(signed: Archive) -> None:
    """Nothing half written."""
    signed.checkpoint()
    assert list(place(signed).parent.iterdir()) == [place(signed)]


def test_a_key_is_never_overwritten(signed: Archive) -> None:
    """Not even by a second one made at the same instant."""
    before = place(signed).read_bytes()
    with pytest.raises(ConvarchiveError, match="can't be written"):
        keys._make(place(signed), "convarchive/test")
    assert place(signed).read_bytes() == before
    assert list(place(signed).parent.iterdir()) == [place(signed)]


def test_a_key_that_an_interrupted_run_has_made_is_used(signed: Archive, tmp_path: Path) -> None:
    """Killed between its file and its entry, the next run takes the file."""
    path = place(signed)
    with signed.writing("test") as connection:
        connection.execute("DROP TRIGGER ledger_is_not_shortened")
        connection.execute("DELETE FROM ledger WHERE kind = 'key'")
        key = keys.current(connection, signed.directory)
    assert key.vkey == signed.verifier_keys()[0]
    assert load_pem_private_key(path.read_bytes(), None).public_key() == key.private.public_key()


def test_a_key_that_is_not_here_is_not_replaced(signed: Archive) -> None:
    """The error says where it should be, and what to do; nothing is made, nothing is signed."""
    place(signed).unlink()
    grow(signed)
    before = ledger.size(signed._connection())
    with pytest.raises(keys.KeyMissing, match="is not here") as caught:
        signed.checkpoint()
    assert str(place(signed)) in caught.value.why
    assert "--new-key" in caught.value.hint
    assert not place(signed).exists()
    assert signed.checkpoints() == []
    assert ledger.size(signed._connection()) == before


def test_another_key_is_not_taken(signed: Archive) -> None:
    """Though it is in the right place."""
    place(signed).write_bytes(pem())
    with pytest.raises(keys.KeyMissing, match="another"):
        signed.checkpoint()


def test_a_new_key(signed: Archive) -> None:
    """Is in the ledger, signs from then on, and what the old one has signed still holds."""
    old = signed.checkpoint()
    old_pem = place(signed).read_bytes()
    new = signed.checkpoint(new_key=True)
    first, second = signed.verifier_keys()
    assert (old.signed_by, new.signed_by) == ((first,), (second,))
    assert [each.signed_by for each in signed.checkpoints()] == [(first,), (second,)]
    assert signed.compare(old.text).size == old.size
    assert [entry["verifier_key"] for entry in entries(signed)] == [first, second]
    kept = place(signed).with_name(f"{place(signed).stem}-{first.split('+')[1]}.pem")
    assert kept.read_bytes() == old_pem
    assert (signed.directory / "checkpoints" / "verifier-key.txt").read_text() == f"{second}\n"


def test_a_new_key_where_the_old_one_is_lost(signed: Archive) -> None:
    """That is what it is for."""
    signed.checkpoint()
    place(signed).unlink()
    grow(signed)
    assert signed.checkpoint(new_key=True).signed_by == (signed.verifier_keys()[1],)


def test_a_new_key_that_was_interrupted(signed: Archive) -> None:
    """Made and not written down: asked for again, it is the one."""
    signed.checkpoint()
    made = pem()
    place(signed).write_bytes(made)
    signed.checkpoint(new_key=True)
    assert place(signed).read_bytes() == made
    assert len(signed.verifier_keys()) == 2
    signed.checkpoint()


def test_an_archive_of_before_gets_its_key_when_it_is_signed(signed: Archive) -> None:
    """With what was never signed, there is none to be missed."""
    place(signed).unlink()
    with signed.writing("test") as connection:
        connection.execute("DROP TRIGGER ledger_is_not_shortened")
        connection.execute("DELETE FROM ledger WHERE kind = 'key'")
        connection.execute("DELETE FROM meta WHERE name = 'verifier_key'")
    assert signed.checkpoint().signed_by == tuple(signed.verifier_keys())
    assert place(signed).exists()


def test_a_key_in_a_file_of_ones_own(tmp_path: Path, key_home: Path) -> None:
    """Is used as it is, and named in the settings."""
    mine = tmp_path / "mine.pem"
    mine.write_bytes(pem())
    before = mine.read_bytes()
    with Archive.create(tmp_path / "archive", mine) as archive:
        assert settings.signing(archive.directory).key_file == str(mine)
        archive.checkpoint()
    assert mine.read_bytes() == before
    assert not key_home.exists()


def test_a_key_is_made_in_the_file_that_is_named(tmp_path: Path, key_home: Path) -> None:
    """Where there is none yet."""
    mine = tmp_path / "new" / "mine.pem"
    with Archive.create(tmp_path / "archive", mine) as archive:
        assert isinstance(load_pem_private_key(mine.read_bytes(), None), Ed25519PrivateKey)
        archive.checkpoint()
    assert not key_home.exists()


def test_a_new_key_in_a_file_of_ones_own(tmp_path: Path, key_home: Path) -> None:
    """The file is left alone; the settings have to name another."""
    first, second = tmp_path / "first.pem", tmp_path / "second.pem"
    with Archive.create(tmp_path / "archive", first) as archive:
        archive.checkpoint()
        with pytest.raises(UsageError, match="had already"):
            archive.checkpoint(new_key=True)
        keys.choose(archive.directory, second)
        with pytest.raises(keys.KeyMissing):
            archive.checkpoint()
        archive.checkpoint(new_key=True)
        archive.checkpoint()
        assert len(archive.verifier_keys()) == 2
        assert first.exists()
        assert second.exists()


def test_a_key_that_a_command_prints(signed: Archive, tmp_path: Path) -> None:
    """Comes before any file; the command may ask a vault."""
    vault = tmp_path / "vault.pem"
    place(signed).rename(vault)
    program = tmp_path / "vault.py"
    program.write_text(f"print(open({str(vault)!r}).read())")
    sign(signed, f"key_command = '{sys.executable} {program}'")
    assert signed.checkpoint().signed_by == tuple(signed.verifier_keys())
    assert not place(signed).exists()


def test_a_command_that_fails_gives_nothing_away(signed: Archive, tmp_path: Path) -> None:
    """What it printed is in no error: it may be the key."""
    program = tmp_path / "vault.py"
    program.write_text("import sys; print('SECRET'); print('SECRET', file=sys.stderr); sys.exit(1)")
    sign(signed, f"key_command = '{sys.executable} {program}'")
    with pytest.raises(SettingsError) as caught:
        signed.checkpoint()
    assert "SECRET" not in repr(caught.value)
    program.write_text("print('SECRET')")
    with pytest.raises(SettingsError) as caught:
        signed.checkpoint()
    assert "SECRET" not in repr(caught.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"rubbish", "no private key"),
        (b"", "no private key"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "no Ed25519"),
        (pem(encryption=BestAvailableEncryption(b"secret")), "password"),
    ],
    ids=["rubbish", "empty", "elliptic-curve", "locked"],
)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """Before there is an archive."""
    mine = tmp_path / "mine.pem"
    mine.write_bytes(content)
    with pytest.raises(SettingsError, match=why):
        Archive.create(tmp_path / "archive", mine)
    assert not (tmp_path / "archive").exists()
    assert mine.read_bytes() == content


def test_a_key_within_the_archive_is_refused(signed: Archive, tmp_path: Path) -> None:
    """Given at the beginning, written into the settings, or reached by a link."""
    with pytest.raises(UsageError, match="within the archive"):
        Archive.create(tmp_path / "other", tmp_path / "other" / "key.pem")
    assert not (tmp_path / "other").exists()
    (tmp_path / "link").symlink_to(signed.directory)
    for inside in ("key.pem", str(tmp_path / "link" / "key.pem")):
        settings.put(signed.directory, "signing", "key_file", inside)
        with pytest.raises(UsageError, match="within the archive"):
            signed.checkpoint()
    assert not list(signed.directory.glob("*.pem"))


def test_the_usual_archive_has_a_key_as_well(key_home: Path) -> None:
    """Where the archive itself is in the user's data, the keys are still beside it."""
    from convarchive.cli.app import default_directory

    with Archive.create(default_directory()) as archive:
        assert archive.unkept is None
        assert not place(archive).is_relative_to(archive.directory)
        archive.checkpoint()


def test_no_place_for_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an archive all the same; it says why it is not signed, and so does each sync."""
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with Sandbox(count=2) as vendor:
        monkeypatch.setenv("CONVARCHIVE_TEST_KEY", vendor.key)
        with make_archive(tmp_path / "archive", vendor.base_url) as archive:
            assert archive.unkept is not None
            assert "key_file" in archive.unkept.hint
            report = archive.sync()
            assert report.complete
            assert report.unkept is not None
            assert report.unkept.exit_code == 3
            assert "can't be written" in (report.to_json()["evidence_error"])
            assert archive.count() == 2
            settings.put(archive.directory, "signing", "key_file", str(tmp_path / "key.pem"))
            assert archive.sync().unkept is None
            assert len(archive.checkpoints()) == 1


def test_the_key_is_nowhere_else(tmp_path: Path, key_home: Path, cli: Cli) -> None:
    """Not in any file of the archive, nor in anything that is said: in no form."""
    with Sandbox(count=3) as vendor:
        env = {"XDG_DATA_HOME": str(key_home), "CONVARCHIVE_TEST_KEY": vendor.key}
        source = ("--base-url", vendor.base_url, "--api-key-env", "CONVARCHIVE_TEST_KEY")
        said = []
        for args in (
            ("-vv", "init", "calls", "--source", "ayra", *source),
            ("-vv", "-a", "calls", "sync", "--log-json"),
            ("-vv", "-a", "calls", "sync", "--json"),
            ("-vv", "-a", "calls", "checkpoint", "--json"),
            ("-vv", "-a", "calls", "checkpoint", "--new-key"),
            ("-vv", "-a", "calls", "checkpoint", "list", "--json"),
            ("-vv", "-a", "calls", "status", "--json"),
        ):
            ran = cli(*args, env=env)
            assert ran.returncode == 0, ran.stderr
            said += [ran.stdout.encode(), ran.stderr.encode()]
        ran = cli("-a", "calls", "backup", "copy", env=env)
        assert ran.returncode == 0
    secrets = []
    for path in key_home.rglob("*.pem"):
        seed = load_pem_private_key(path.read_bytes(), None).private_bytes_raw()  # type: ignore[union-attr]
        # In base64 wherever it stands.
        secrets += [base64.b64encode(b"\0" * at + seed)[4 : 4 + 36] for at in range(3)]
        secrets += [
            seed,
            seed.hex().encode(),
            seed.hex().upper().encode(),
            path.read_bytes()[30:60],
        ]
    assert len(secrets) == 14
    files = [p for where in ("calls", "copy") for p in (tmp_path / where).rglob("*") if p.is_file()]
    assert len(files) > 10
    for data in (*said, *(path.read_bytes() for path in files)):
        assert not [secret for secret in secrets if secret in data]
        assert b"PRIVATE" not in data
