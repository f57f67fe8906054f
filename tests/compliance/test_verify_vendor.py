"""What is stored against what the vendor has now."""

from __future__ import annotations

import pytest
from tests.compliance.tampering import unguarded, verified

from convarchive import Archive
from convarchive.errors import KeyRefused, NotFound, SettingsError, Unreachable
from convarchive.sandbox import Sandbox


def notes(archive: Archive, sample: float | None = None) -> list[str]:
    """What is said of the vendor, where nothing is damaged."""
    report = verified(archive.directory, source="ayra", sample=sample)
    assert report.ok, report.damage
    return [note for note in report.notes if " of ayra " in note]


def test_the_same(archive: Archive, sandbox: Sandbox) -> None:
    """Right after a sync there is nothing to say, and all of it was fetched and compared."""
    archive.sync()
    assert notes(archive) == []
    report = verified(archive.directory, source="ayra")
    assert report.checked["vendor_listed"] == report.checked["vendor_fetched"] == 126


def test_what_a_sync_would_bring(archive: Archive, sandbox: Sandbox) -> None:
    """What differs at the vendor is no damage here."""
    archive.sync()
    ids = [call.id for call in archive.list(limit=0)]
    sandbox.upstream.put((sandbox.upstream.get(ids[0]) or {}) | {"summary": "Changed."})
    sandbox.upstream.put((sandbox.upstream.get(ids[1]) or {}) | {"id": "conv_new"})
    sandbox.upstream.remove(ids[2])
    told = notes(archive)
    assert len(told) == 3
    assert any("changed at the vendor" in each and ids[0] in each for each in told)
    assert any("not here yet" in each and "conv_new" in each for each in told)
    assert any("lists them no more" in each and ids[2] in each for each in told)


def test_what_a_sync_would_never_bring(archive: Archive, sandbox: Sandbox) -> None:
    """What has the vendor's fingerprint is not fetched again, so what the tables say instead of it
    is damage."""
    archive.sync()
    with unguarded(archive.directory) as connection:
        connection.execute("UPDATE conversations SET summary = 'x' WHERE key = 7")
    report = verified(archive.directory, source="ayra", quick=True)
    (damage,) = report.damage
    assert damage.kind == "vendor_differs"
    assert damage.where.startswith("ayra/")


def test_what_was_erased(archive: Archive, sandbox: Sandbox) -> None:
    """It is not missing, no sync fetches it, and its id is not written into anybody's log."""
    archive.sync()
    gone = archive.list(limit=1)[0].id
    archive.erase(archive.plan_erasure([gone]), reason="Request 17")
    assert notes(archive) == ["1 of ayra were destroyed here; the vendor has them."]


def test_a_sample(archive: Archive, sandbox: Sandbox) -> None:
    """Everything is listed, and so much of it fetched."""
    archive.sync()
    report = verified(archive.directory, source="ayra", sample=0.1)
    assert report.checked["vendor_listed"] == 126
    assert report.checked["vendor_fetched"] == 13


def test_no_such_source(archive: Archive) -> None:
    """It is named before anything is looked at."""
    with pytest.raises(NotFound, match="There are: ayra"):
        verified(archive.directory, source="other")


def test_no_key(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor without the key."""
    monkeypatch.delenv("CONVARCHIVE_TEST_KEY")
    with pytest.raises(SettingsError, match="key of ayra is missing"):
        verified(archive.directory, source="ayra")


def test_a_wrong_key(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor refuses it."""
    monkeypatch.setenv("CONVARCHIVE_TEST_KEY", "wrong")
    with pytest.raises(KeyRefused):
        verified(archive.directory, source="ayra")


def test_a_vendor_that_is_gone(archive: Archive, sandbox: Sandbox) -> None:
    """An error of the vendor is none of the archive."""
    archive.sync()
    sandbox.stop()
    with pytest.raises(Unreachable):
        verified(archive.directory, source="ayra")
