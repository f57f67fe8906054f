"""Signed notes as C2SP has them: what Go's own package signs is read, and anything else is not."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from convarchive.compliance import notes

# The keys and the note that the tests of golang.org/x/mod/sumdb/note have published.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    b"If you think cryptography is the answer to your problem,\n"
    b"then you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501
).encode()
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"  # noqa: E501
).encode()
NOTE = TEXT + b"\n" + PETER_LINE

# The example of https://c2sp.org/signed-note has an empty line in its text.
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"  # noqa: E501
).encode()


def peter() -> Ed25519PrivateKey:
    """The published private key: a byte for its kind, then the seed."""
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(PETER_SEED)[1:])


def test_the_published_note_verifies() -> None:
    """By the published key; the text is all that stands before the empty line."""
    assert notes.verify(NOTE, [PETER]) == (TEXT, (PETER,))


def test_signing_makes_the_published_note() -> None:
    """Byte for byte, with the published private key."""
    assert notes.sign(TEXT, "PeterNeumann", peter()) == NOTE


def test_the_published_verifier_key_is_made() -> None:
    """From the public key and the name."""
    assert notes.verifier_key("PeterNeumann", peter().public_key().public_bytes_raw()) == PETER


def test_an_unknown_signature_is_passed_over() -> None:
    """A note that another has signed as well is that of who is known."""
    both = NOTE + ENOCH_LINE
    assert notes.verify(both, [PETER]).signed_by == (PETER,)
    assert notes.verify(both, [ENOCH]).signed_by == (ENOCH,)
    assert notes.verify(both, [ENOCH, PETER]).signed_by == (PETER, ENOCH)


def test_without_a_known_signature_it_is_refused() -> None:
    """The names of those who have signed it are told."""
    for known in ([], [ENOCH]):
        with pytest.raises(notes.Unsigned, match=r"PeterNeumann\+c74f20a3"):
            notes.verify(NOTE, known)


def test_a_known_keys_bad_signature_refuses_the_whole_note() -> None:
    """Though another known key's signature holds."""
    raw = base64.b64decode(ENOCH_LINE.split()[-1])
    bad = base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1]))
    note = NOTE + "— EnochRoot ".encode() + bad + b"\n"
    assert notes.verify(note, [PETER]).signed_by == (PETER,)
    with pytest.raises(notes.BadSignature):
        notes.verify(note, [PETER, ENOCH])


def test_a_name_or_an_id_alone_does_not_make_it_known() -> None:
    """A key of the same name with another id, and another name with the same id, are unknown."""
    namesake = notes.verifier_key("PeterNeumann", bytes(32))
    assert namesake.split("+")[0] == "PeterNeumann"
    with pytest.raises(notes.Unsigned):
        notes.verify(NOTE, [namesake])


def test_every_flipped_bit_of_the_text_is_noticed() -> None:
    """Whatever it makes of the note."""
    for at in range(len(TEXT)):
        for bit in range(8):
            changed = bytearray(NOTE)
            changed[at] ^= 1 << bit
            with pytest.raises(notes.NoteError):
                notes.verify(bytes(changed), [PETER])


def test_the_text_may_have_empty_lines() -> None:
    """The signatures stand below the last one."""
    note = notes.parse(POEM)
    assert note.body.endswith("\n\ned è subito sera.\n".encode())
    assert [line.name for line in note.signatures] == ["quasimodo.example/salvatore"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(TEXT, id="no-signature"),
        pytest.param(TEXT + b"\n", id="no-line"),
        pytest.param(NOTE[:-1], id="no-last-line-feed"),
        pytest.param(b"\n" + PETER_LINE, id="no-text"),
        pytest.param(b"\x01" + NOTE, id="control-character"),
        pytest.param(NOTE.replace(b"\n", b"\r\n"), id="carriage-returns"),
        pytest.param(b"\xff" + NOTE, id="not-utf-8"),
        pytest.param(TEXT + b"\n" + PETER_LINE.replace(b"Peter", b"Peter "), id="space-in-name"),
        pytest.param(
            TEXT + b"\n" + PETER_LINE.replace(b"Peter", "Peter\u2003".encode()), id="wide-space"
        ),
        pytest.param(TEXT + b"\n" + PETER_LINE.replace(b"Peter", b"Peter+"), id="plus-in-name"),
        pytest.param(TEXT + b"\n" + PETER_LINE.replace("—".encode(), b"-"), id="no-dash"),
        pytest.param(TEXT + b"\n" + PETER_LINE.replace(b"=", b""), id="no-padding"),
        pytest.param(TEXT + b"\n" + PETER_LINE.replace(b"nAM=", b"nAN="), id="not-canonical"),
        pytest.param(TEXT + b"\n" + "— Peter AAAA\n".encode(), id="too-short"),
        pytest.param(NOTE + b"Unexpected line.\n", id="another-line"),
        pytest.param(TEXT + b"\n" + PETER_LINE * 101, id="101-signatures"),
        pytest.param(TEXT * 12_000 + b"\n" + PETER_LINE, id="too-long"),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(notes.NoteError):
        notes.verify(data, [PETER])


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_rubbish_raises_nothing_else(data: bytes) -> None:
    """No bytes make it raise anything but its own error."""
    for each in (data, TEXT + b"\n" + data, data + b"\n\n" + PETER_LINE):
        with pytest.raises(notes.NoteError):
            notes.verify(each, [PETER])


def test_every_mangled_verifier_key_is_refused() -> None:
    """A part of one, and one with any character changed."""
    for start in range(len(PETER)):
        for end in range(start, len(PETER) + (start > 0)):
            with pytest.raises(notes.NoteError):
                notes.check_verifier_key(PETER[start:end])
    for at, character in enumerate(PETER):
        with pytest.raises(notes.NoteError):
            notes.check_verifier_key(PETER[:at] + chr(ord(character) + 1) + PETER[at + 1 :])


@pytest.mark.parametrize(
    "vkey",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER.replace("c74f20a3", "C74F20A3"),
        "",
        "é",
    ],
    ids=["too-long", "another-algorithm", "capitals", "nothing", "not-ascii"],
)
def test_other_verifier_keys_are_refused(vkey: str) -> None:
    """The first two are published: their ids fit, and they are no Ed25519 keys all the same."""
    with pytest.raises(notes.NoteError):
        notes.check_verifier_key(vkey)


def test_a_verifier_key_may_stand_in_a_file() -> None:
    """White space around it does not matter."""
    assert notes.check_verifier_key(f"  {PETER}\n") == PETER


def test_two_keys_of_one_name_and_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id is short enough for someone to find a second key that has it."""
    monkeypatch.setattr(notes, "_key_id", lambda _name, _public: b"same")
    keys = [notes.verifier_key("one", bytes([number]) * 32) for number in (1, 2)]
    with pytest.raises(notes.NoteError, match="Two verifier keys"):
        notes.verify(NOTE, keys)
    with pytest.raises(notes.Unsigned):
        notes.verify(NOTE, [keys[0], keys[0]])
