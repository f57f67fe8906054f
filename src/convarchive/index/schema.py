"""What a conversation is to the index: its fields, and how their text is analysed.

What was said is in a field for each side (`SPOKEN`) and the summary, once as it was said for every
conversation, and once more stemmed by the conversation's own language. A word is looked for in
both, so any form of it is found, and the form that was asked for counts more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tantivy import Index, Schema, TextAnalyzer

VERSION: Final = 1
"""Raised whenever an index made by earlier code would answer differently."""

SPOKEN: Final = ("customer", "agent", "other", "summary")
"""Fields with text: a value for each turn that this side spoke."""

STEMMERS: Final = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian",
    "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
"""The Snowball stemmers that Tantivy has, by language."""

TERMS: Final = (
    "id", "source", "agent_id", "caller", "status", "outcome", "sentiment", "intent", "topic",
    "keyword", "language", "platform", "flag",
)  # fmt: skip
"""Fields that hold exact values in lower case."""

NUMBERS: Final = ("started", "duration", "turns")
"""Microseconds since 1970, milliseconds, and a count."""

UNKNOWN: Final = -(2**62)
"""Stands for a number that is not known: before all others in any order, and outside any range."""

LARGEST: Final = 2**62
"""No number is larger."""

_WHITESPACE: Final = "words"


def stemmed(field: str, language: str) -> str:
    """The name of a field's stemmed twin."""
    return f"{field}_{language}"


def stemmer_of(language: str | None) -> str | None:
    """The language whose stemmer fits; English where the language is unknown, none where Tantivy
    has none for it."""
    primary = (language or "en").partition("-")[0].partition("_")[0].casefold()
    primary = {"nb": "no", "nn": "no"}.get(primary, primary)
    return primary if primary in STEMMERS else None


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
        for language in STEMMERS:
            builder.add_text_field(stemmed(name, language), tokenizer_name=language)
    return builder.build()


def register_analyzers(index: Index) -> None:
    """Tell an open index how to analyse; Tantivy does not keep that."""
    index.register_tokenizer(_WHITESPACE, _analyzer())
    for language in STEMMERS:
        index.register_tokenizer(language, stemming(language))


def stemming(language: str) -> TextAnalyzer:
    """Splits folded text at spaces and stems."""
    return _analyzer(STEMMERS[language])


def _analyzer(stemmer: str | None = None) -> TextAnalyzer:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.whitespace())
    return (builder.filter(Filter.stemmer(stemmer)) if stemmer else builder).build()
