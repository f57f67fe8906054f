r"""What is searched for in the text: a word, a phrase, a beginning, a word with slips in it.

=========================  =============================================
``refund``                 `Word`
``"charged twice"``        `Phrase`; ``"charged twice"~3`` lets words between
``refund*``                `Prefix`; ``*`` alone is `All`
``refnd~`` ``refnd~2``     `Fuzzy`
=========================  =============================================

**The colon.** Fields that exist never come here; the lexer knows them. Of the other words with a
colon in them, most are text (``07:30``, ``https://example.com``, ``C:\x``) and some a field that is
misspelt. A word *looks like a field* if before its first colon stand two or more letters,
hyphens and underscores, the first of them a letter. It is refused, unless

* ``//`` or another colon follows (``https://…``, ``std::sort``), or
* it is a link of a kind that has no slashes: ``mailto:``, ``tel:``, ``sip:``, ``sips:``, ``urn:``.

So ``statsu:failed`` and ``colour:red`` are errors, with the nearest field or the advice to put the
text in quotes; ``B2B:x``, ``x:y`` and ``:-)`` are text.

**Other languages.** ``&&``, ``||``, ``|``, ``!word``, ``status=failed``, ``duration>5m``, ``re*nd``
mean something elsewhere and would, read as text, find something else than was asked. They are
errors that say how to write it here.
"""

from __future__ import annotations

import re
from typing import Final

from convarchive.query.names import FIELDS, advice
from convarchive.query.tokens import Token
from convarchive.query.tree import All, Fuzzy, Node, Phrase, Prefix, Word

_FIELD_LIKE: Final = r"([^\W\d_](?:[^\W\d]|-)+):(?!//|:)"
_LINKS: Final = ("mailto", "tel", "sip", "sips", "urn")
_COMPARED: Final = r"([A-Za-z-]+)(>=|<=|[<>=])(.*)"
_FUZZY: Final = r"(.*)~([0-9.]*)"
_SLOP: Final = r"~([0-9]{1,3})"


def text_node(token: Token) -> Node:
    """The node for a word or a phrase.

    Raises:
        QueryError: It is empty, or means something in another language but nothing here.
    """
    if token.kind == "phrase":
        return _phrase(token)
    _refuse_unknown_field(token)
    _refuse_other_languages(token)
    text = token.text
    if text == "*":
        return All()
    if text.endswith("*"):
        return Prefix(_stem(token, text[:-1]))
    if "~" in text and (fuzzy := re.fullmatch(_FUZZY, text, re.DOTALL)):
        return _fuzzy(token, *fuzzy.groups())
    return Word(_stem(token, text))


def quoted(text: str) -> str:
    """The text in quotes, as it is written in a query."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _phrase(token: Token) -> Node:
    if not token.text.strip():
        raise token.place.error("There is nothing between these quotes.")
    if not token.suffix:
        return Phrase(token.text)
    if slop := re.fullmatch(_SLOP, token.suffix):
        return Phrase(token.text, int(slop[1]))
    sign = token.suffix[0]
    raise token.place.part(token.place.length - len(token.suffix), len(token.suffix)).error(
        f'"{sign}" behind a phrase takes a number of words.'
        if sign == "~"
        else '"*" goes with a word, not with a phrase.',
        f"For up to 3 words between write {quoted(token.text)}~3.",
    )


def _fuzzy(token: Token, text: str, distance: str) -> Node:
    stem = _stem(token, text)
    if distance not in ("", "1", "2"):
        raise token.place.part(len(text), len(distance) + 1).error(
            f'"~{distance}" is no distance: words can be 1 or 2 edits apart.',
            f"Write {text}~ or {text}~2, or {quoted(token.text)} for the text.",
        )
    return Fuzzy(stem, int(distance or "1"))


def _stem(token: Token, text: str) -> str:
    """What is left of a word without its sign, which must not hold another one."""
    if not text:
        raise token.place.error(f'"{token.text}" has no word before it.', _in_quotes(token))
    if "*" in text:
        raise token.place.part(text.index("*"), 1).error(
            '"*" can stand only at the end of a word.', _in_quotes(token)
        )
    if text != token.text and re.fullmatch(_FUZZY, text, re.DOTALL):
        raise token.place.error('A word takes either "*" or "~".', _in_quotes(token))
    return text


def _refuse_unknown_field(token: Token) -> None:
    like = re.match(_FIELD_LIKE, token.text) if ":" in token.text else None
    if like and (like[1].lower() not in _LINKS or like[0] == token.text):
        raise token.place.part(0, len(like[1])).error(
            f'There is no field "{like[1]}".', advice(like[1]) or _in_quotes(token)
        )


def _refuse_other_languages(token: Token) -> None:
    text = token.text
    for sign, word in (("&&", "AND"), ("||", "OR")):
        if sign in text:
            raise token.place.part(text.index(sign), 2).error(
                f'"{sign}" is no operator here.', f"Write {word}."
            )
    if text == "|":
        raise token.place.error('"|" is no operator here.', "Write OR.")
    if text[0] == "!" and text[1:2].isalnum():
        raise token.place.part(0, 1).error(
            '"!" is no operator here.', f"To leave the word out write -{text[1:]}."
        )
    signed = any(sign in text for sign in "<>=")
    compared = re.fullmatch(_COMPARED, text, re.DOTALL) if signed else None
    if compared and compared[1].lower() in FIELDS:
        name, sign, value = compared.groups()
        raise token.place.part(len(name), len(sign)).error(
            f'A colon must stand behind "{name}".',
            f"Write {name}:{sign.strip('=') and sign}{value}.",
        )


def _in_quotes(token: Token) -> str:
    return f"To search for the text write {quoted(token.text)}."
