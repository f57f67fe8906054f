"""The stems of words: what their forms have in common, by Snowball's rules for the language.

Stemming is done here and not by the index's own analyzers, so that pairs of stems can be terms, and
so that each word is stemmed once, however often it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from convarchive.index import schema

_MOST = 100_000
"""Words whose stems are remembered; a language has fewer that are used often."""


class Stems:
    """Stems words of one language.

    Args:
        forms: One of `convarchive.index.schema.FORMS`.
    """

    def __init__(self, forms: str) -> None:
        from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

        builder = TextAnalyzerBuilder(Tokenizer.whitespace())
        self._stemmer = None
        if forms != schema.UNSTEMMED:
            self._stemmer = builder.filter(Filter.stemmer(schema.STEMMERS[forms])).build()
        self._known: dict[str, str] = {}

    def of(self, words: Sequence[str]) -> Sequence[str]:
        """The stems of these folded words, one for each; the words themselves where the language
        has no stemmer."""
        if self._stemmer is None:
            return words
        known = self._known
        try:
            return [known[word] for word in words]
        except KeyError:
            pass
        if len(known) > _MOST:
            known.clear()
        fresh = list(set(words).difference(known))
        known.update(zip(fresh, self._stemmer.analyze(" ".join(fresh)), strict=True))
        return [known[word] for word in words]


@lru_cache(maxsize=len(schema.FORMS))
def stems_of(forms: str) -> Stems:
    """The `Stems` of these forms, with what they know already."""
    return Stems(forms)
