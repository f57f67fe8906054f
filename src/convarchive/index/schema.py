"""What a conversation is to the index: its fields, and how their text is analysed.

What was said is in the fields of `SPOKEN`: all of it in ``said``, and once more by who said it, so
that a question without a side asks one field. Each of them is there in three ways:

* as it was said (``said``), for beginnings and near words, and so that the form that was asked for
  counts more;
* stemmed, in a twin of the conversation's language (``said_en``): there a word is looked for, in
  any form;
* the numbers in it as digits, however they were written or spoken (``said_numbers``).

Two stems that stand side by side in a turn are a term of their own (``pairs_en``). A phrase of two
words is that term, and one of more words need be sought only where its pairs are; without them, a
phrase of common words takes the engine a hundred times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tantivy import Index, Schema

VERSION: Final = 3
"""Raised whenever an index made by earlier code would answer differently."""

SAID: Final = "said"
"""Everything that was said, and the summary."""

SPOKEN: Final = (SAID, "customer", "agent", "summary")
"""Fields with text: a value for each turn that this side spoke."""

STEMMERS: Final = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian",
    "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
"""The Snowball stemmers that Tantivy has, by language."""

UNSTEMMED: Final = "none"
"""Stands for all other languages: their words have one form."""

FORMS: Final = (*STEMMERS, UNSTEMMED)
"""Every field with text has a twin for each of these; a conversation is in one of them."""

TERMS: Final = (
    "id", "source", "agent_id", "caller", "status", "outcome", "sentiment", "intent", "topic",
    "keyword", "language", "platform", "flag", "forms",
)  # fmt: skip
"""Fields that hold exact values in lower case."""

NUMBERS: Final = ("started", "duration", "turns")
"""Microseconds since 1970, milliseconds, and a count."""

UNKNOWN: Final = -(2**62)
"""Stands for a number that is not known: before all others in any order, and outside any range."""

PAIRED: Final = "_"
"""Stands between two stems in the term for both; no folded word has it."""

LARGEST: Final = 2**62
"""No number is larger."""

_WHITESPACE: Final = "words"


def stemmed(field: str, language: str) -> str:
    """The name of a field's stemmed twin."""
    return f"{field}_{language}"


def pairs(language: str) -> str:
    """The name of the field that has the pairs of stems of a language."""
    return f"pairs_{language}"


def numbers(field: str) -> str:
    """The name of a field's twin that has the numbers in it."""
    return f"{field}_numbers"


def forms_of(language: str | None) -> str:
    """Which of `FORMS` a conversation has; English where its language is unknown."""
    primary = (language or "en").partition("-")[0].partition("_")[0].casefold()
    primary = {"nb": "no", "nn": "no"}.get(primary, primary)
    return primary if primary in STEMMERS else UNSTEMMED


def build() -> Schema:
    """The schema of the index."""
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_integer_field("rowid", indexed=True, fast=True)
    for name in NUMBERS:
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in TERMS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in SPOKEN:
        builder.add_text_field(name, tokenizer_name=_WHITESPACE)
        builder.add_text_field(numbers(name), tokenizer_name=_WHITESPACE)
    for language in FORMS:
        for name in SPOKEN:
            builder.add_text_field(stemmed(name, language), tokenizer_name=_WHITESPACE)
        builder.add_text_field(pairs(language), tokenizer_name=_WHITESPACE, index_option="freq")
    return builder.build()


def register_analyzers(index: Index) -> None:
    """Tell an index how to take apart what is added; Tantivy does not keep that."""
    from tantivy import TextAnalyzerBuilder, Tokenizer

    index.register_tokenizer(_WHITESPACE, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
