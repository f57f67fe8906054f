"""A time stamp of somebody else holds for one checkpoint and no other; OpenSSL says the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.compliance.authority import Authority, openssl
from tests.compliance.conftest import grow

from convarchive import Archive, settings
from convarchive.compliance import stamps
from convarchive.errors import ConvarchiveError, DamageFound, UsageError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    authority = Authority(tmp_path_factory.mktemp("authority") / "tsa")
    yield authority
    authority.close()


@pytest.fixture
def authority(_running: Authority) -> Authority:
    """One that answers rightly."""
    _running.status, _running.answer = 200, None
    _running.asked.clear()
    return _running


@pytest.fixture
def checkpoint(signed: Archive) -> Path:
    """Of an archive."""
    path = signed.checkpoint().path
    assert path is not None
    return path


def test_a_checkpoint_is_stamped(signed: Archive, authority: Authority) -> None:
    """The answer is beside it; it says when that was."""
    path = signed.checkpoint(tsa=authority.url).path
    assert path is not None
    place = path.with_suffix(".tsr")
    found = stamps.check(place.read_bytes(), path.read_bytes(), authority.ca.read_bytes())
    assert found.checked
    assert abs(datetime.now(UTC) - found.at) < timedelta(minutes=1)
    assert [each.name for each in path.parent.glob("*.tsr")] == [place.name]


def test_openssl_verifies_it(checkpoint: Path, authority: Authority) -> None:
    """``openssl ts -verify`` accepts the stamp of the checkpoint, and of no other root."""
    place = stamps.stamp(authority.url, checkpoint)
    trusting = ("-in", place, "-CAfile", authority.ca)
    ran = openssl("ts", "-verify", "-data", checkpoint, *trusting)
    assert ran.returncode == 0, ran.stderr
    lines = checkpoint.read_bytes().split(b"\n")
    lines[2] = lines[2].swapcase()
    checkpoint.write_bytes(b"\n".join(lines))
    assert openssl("ts", "-verify", "-data", checkpoint, *trusting).returncode != 0


def test_what_openssl_stamped_verifies(checkpoint: Path, authority: Authority) -> None:
    """The other way: asked by OpenSSL alone, answered by OpenSSL alone."""
    query = openssl("ts", "-query", "-data", checkpoint, "-sha256", "-cert").stdout
    answer = authority.reply(query)
    data = checkpoint.read_bytes()
    assert stamps.check(answer, data, authority.ca.read_bytes()).checked


def test_a_changed_root_fails(checkpoint: Path, authority: Authority) -> None:
    """Whether or not it is known whom to trust."""
    answer = stamps.ask(authority.url, checkpoint.read_bytes())
    lines = checkpoint.read_bytes().split(b"\n")
    lines[2] = lines[2].swapcase()
    for roots in (None, authority.ca.read_bytes()):
        with pytest.raises(DamageFound, match="not one of this checkpoint"):
            stamps.check(answer, b"\n".join(lines), roots)


def test_without_certificates_only_the_imprint_is_checked(
    checkpoint: Path, authority: Authority
) -> None:
    """And that is said."""
    data = checkpoint.read_bytes()
    assert not stamps.check(stamps.ask(authority.url, data), data).checked


def test_an_authority_that_is_not_trusted(
    checkpoint: Path, authority: Authority, tmp_path: Path
) -> None:
    """Another one's certificate does not do."""
    other = Authority(tmp_path / "other")
    other.close()
    data = checkpoint.read_bytes()
    answer = stamps.ask(authority.url, data)
    with pytest.raises(DamageFound):
        stamps.check(answer, data, other.ca.read_bytes())


def test_every_part_of_a_stamp_is_protected(checkpoint: Path, authority: Authority) -> None:
    """With any byte changed it fails, or says the same: in a header that nobody signs."""
    data, roots = checkpoint.read_bytes(), authority.ca.read_bytes()
    answer = stamps.ask(authority.url, data)
    whole = stamps.check(answer, data, roots)
    refused = 0
    for at in range(0, len(answer), 3):
        changed = bytearray(answer)
        changed[at] ^= 1
        try:
            assert stamps.check(bytes(changed), data, roots) == whole, at
        except DamageFound:
            refused += 1
    assert refused > len(answer) / 3 * 0.7


def test_an_answer_to_another_request(checkpoint: Path, authority: Authority) -> None:
    """An old answer that is played again is refused: it has another nonce."""
    data = checkpoint.read_bytes()
    authority.answer = stamps.ask(authority.url, data)
    with pytest.raises(ConvarchiveError, match="another request"):
        stamps.ask(authority.url, data)


@pytest.mark.parametrize(
    "answer", [b"", b"rubbish", b"<html>", b"\x30\x03\x02\x01\x00", b"\x30\x05\x30\x03\x02\x01\x02",
               b"x" * 2_000_000],
    ids=["nothing", "rubbish", "page", "no-status", "refused", "endless"],
)  # fmt: skip
def test_answers_that_are_no_stamp(checkpoint: Path, authority: Authority, answer: bytes) -> None:
    """Are told in a sentence, and nothing is written."""
    authority.answer = answer
    with pytest.raises(ConvarchiveError, match="gave no time stamp"):
        stamps.stamp(authority.url, checkpoint)
    assert not list(checkpoint.parent.glob("*.tsr"))


def test_an_authority_that_refuses(checkpoint: Path, authority: Authority) -> None:
    """By HTTP."""
    authority.status = 503
    with pytest.raises(ConvarchiveError, match="answered with 503"):
        stamps.stamp(authority.url, checkpoint)


def test_an_authority_that_is_not_there(checkpoint: Path) -> None:
    """Or whose URL is none."""
    with pytest.raises(ConvarchiveError, match="cannot be reached"):
        stamps.stamp("http://127.0.0.1:1/", checkpoint)
    for url in ("rubbish", "ftp://example.com", "http://\0", ""):
        with pytest.raises(UsageError, match="no URL"):
            stamps.stamp(url, checkpoint)


def test_a_stamp_is_not_replaced(checkpoint: Path, authority: Authority) -> None:
    """The first one says more than any later."""
    first = stamps.stamp(authority.url, checkpoint).read_bytes()
    assert stamps.stamp(authority.url, checkpoint).read_bytes() == first
    assert len(authority.asked) == 1


def test_certificates_that_are_none(checkpoint: Path, authority: Authority) -> None:
    """Are wrong usage, and no damage."""
    data = checkpoint.read_bytes()
    answer = stamps.ask(authority.url, data)
    for roots in (b"", b"rubbish", data):
        with pytest.raises(UsageError, match="no certificate"):
            stamps.check(answer, data, roots)


def test_an_authority_in_the_settings(signed: Archive, authority: Authority) -> None:
    """Stamps each checkpoint; if it can't, that is told, and tried again by the next."""
    settings.put(signed.directory, "signing", "tsa_url", authority.url)
    authority.status = 500
    with pytest.raises(ConvarchiveError, match="answered with 500"):
        signed.checkpoint()
    assert len(signed.checkpoints()) == 1
    authority.status = 200
    signed.checkpoint()
    grow(signed)
    signed.checkpoint()
    assert len(list(signed.directory.glob("checkpoints/*.tsr"))) == 2
    signed.checkpoint()
    assert len(authority.asked) == 3
