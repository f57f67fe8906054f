"""Words are the same however they are written: in case, accents, width and joining."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convarchive.index.words import LONGEST, fold, spans, words


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("Refund", "refund"),
        ("ÉTAT", "etat"),
        ("e\u0301tat", "etat"),
        ("naïve", "naive"),
        ("Ångström", "angstrom"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("ŁÓDŹ", "lodz"),
        ("Ørsted", "orsted"),
        ("Đorđe", "dorde"),
        ("Ægir", "aegir"),
        ("œuvre", "oeuvre"),
        ("Þing", "thing"),
        ("Ħal", "hal"),
        ("ŧest", "test"),
        ("İzmir", "izmir"),
        ("ısı", "isi"),
        ("ﬁne", "fine"),
        ("ＡＢＣ", "abc"),
        ("５５５", "555"),
        ("①②", "12"),
        ("Ёлка", "елка"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Việt", "viet"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_one_word(written: str, word: str) -> None:
    """Case, accents, width and ligatures make no difference."""
    assert words(written) == [word]


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("don't", "don t"),
        ("don’t", "don t"),
        ("O'Brien", "o brien"),
        ("charge-back", "charge back"),
        ("charge\u2011back", "charge back"),
        ("AB-12345/6", "ab 12345 6"),
        ("jane_doe@example.com", "jane doe example com"),
        ("07:30", "07 30"),
        ("$84.99", "84 99"),
        ("https://x.org/?a=b", "https x org a b"),
        ("one\ttwo\nthree\u2028four\u00a0five", "one two three four five"),
        ("a\u200bb", "a b"),
        ("a\x00b", "a b"),
        ("a\ud800b", "a b"),
        ("½", "1 2"),
        ("thanks 😀", "thanks"),
    ],
)
def test_several_words(written: str, parts: str) -> None:
    """Whatever is no letter, digit or mark stands between words."""
    assert words(written) == parts.split()


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("日本語", "日 本 語"),
        ("カタカナ", "カ タ カ ナ"),
        ("ガ", "ガ"),
        ("한국어", "한 국 어"),
        ("退款abc款", "退 款 abc 款"),
        ("สวัสดี", " ".join("สวัสดี")),
        ("１２月", "12 月"),
        ("㈱東京", "株 東 京"),
        ("𠮷野家", "𠮷 野 家"),
    ],
)
def test_scripts_without_spaces(written: str, parts: str) -> None:
    """Each character of Chinese, Japanese, Korean and Thai is a word of its own."""
    assert words(written) == parts.split()


@pytest.mark.parametrize("text", ["", " ", "…!?", "\n\t", "😀", "\u0301"])
def test_no_words(text: str) -> None:
    """Where there is no letter and no digit there are no words."""
    assert words(text) == []
    assert spans(text) == []


def test_long_words_are_kept() -> None:
    """A word of more than 40 bytes, which the engine's own tokenizers drop, is one word."""
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmütze"
    assert words(long) == ["donaudampfschifffahrtsgesellschaftskapitansmutze"]
    assert words("г" * LONGEST) == ["г" * LONGEST]


def test_endless_words_are_cut() -> None:
    """A run of 300 KB without a space becomes words of at most `LONGEST` characters."""
    endless = "x" * 300_000
    assert words(endless) == ["x" * LONGEST] * (300_000 // LONGEST)
    assert fold(endless).split(" ") == words(endless)
    assert spans(endless)[-1] == (300_000 - LONGEST, 300_000)


@given(st.text(max_size=60) | st.text("aé ½ﬁ日ガ\u0301'ÆŁ５İß\ud800", max_size=60))
@example("x" * 450 + " " + "é" * 201)
@settings(max_examples=300, deadline=None)
def test_one_taking_apart(text: str) -> None:
    """Split at white space, as the engine does, the folded text is the words."""
    assert fold(text).split() == words(text)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_folding_again(text: str) -> None:
    """Words stay as they are when they are taken apart again."""
    once = words(text)
    assert words(" ".join(once)) == once


PARTS = "한한ｶｱﾞﾟかア\u3099 a"
"""Korean and kana in parts and whole."""


@given(st.text(max_size=60) | st.text("aé ½ﬁ日ガ\u0301'ÆŁ５İß㈱", max_size=60) | st.text(PARTS))
@settings(max_examples=300, deadline=None)
def test_spans_hold_their_words(text: str) -> None:
    """The characters from ``start`` to ``end`` fold to the word, in the order of the text."""
    found, places = words(text), spans(text)
    assert len(found) == len(places)
    for word, (start, end) in zip(found, places, strict=True):
        assert 0 <= start < end <= len(text)
        assert word in words(text[start:end])
    assert places == sorted(places)


@given(st.text("abcdé日本５ ,'-", max_size=80))
@settings(max_examples=200, deadline=None)
def test_spans_are_tight(text: str) -> None:
    """Where a character folds to one character, nothing but the word is in its span."""
    for word, (start, end) in zip(words(text), spans(text), strict=True):
        assert words(text[start:end]) == [word]
        assert fold(text[start:end]).strip() == word
        assert end - start == len(word)


def test_marks_belong_to_their_word() -> None:
    """An accent that is a character of its own is inside of the span."""
    text = "un e\u0301te\u0301, puis"
    assert [text[start:end] for start, end in spans(text)] == ["un", "e\u0301te\u0301", "puis"]


def test_characters_outside_of_the_bmp() -> None:
    """Spans count characters, not bytes and not UTF-16 units."""
    text = "😀😀 café 𠮷 refund"
    assert [text[start:end] for start, end in spans(text)] == ["café", "𠮷", "refund"]


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize(
    "text", ["환불 확인", "ガラス, パーティー", "かがみ", "état déjà", "ＡＢ-12"]
)
def test_every_normal_form_is_the_same(
    text: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]
) -> None:
    """However Unicode lets a text be written, its words are the same."""
    assert words(unicodedata.normalize(form, text)) == words(text)


def test_half_width_kana() -> None:
    """Half-width kana with a voice mark behind is the full-width letter, and marked whole."""
    text = "aｶﾞﾗｽb"
    assert words(text) == words("aガラスb")
    assert [text[start:end] for start, end in spans(text)] == ["a", "ｶﾞ", "ﾗ", "ｽ", "b"]


def test_korean_in_parts_is_marked_whole() -> None:
    """A syllable of two or three letters is one stretch."""
    text = unicodedata.normalize("NFD", "네 환불")
    assert [unicodedata.normalize("NFC", text[start:end]) for start, end in spans(text)] == [
        "네", "환", "불",
    ]  # fmt: skip
