"""``email``: e-mail addresses, written, spoken, or half and half.

*john underscore smith at g mail dot com*, ``john.smith at gmail.com``, *j o h n arroba ejemplo
punto com*; English, German, Spanish, French, Italian, Portuguese and Dutch words for the signs, in
any language of the call, and over turns of one speaker.

What is spoken is read from its end: a known top-level domain behind a dot, the words of the domain
before it, a word for ``@``. Where the name before the sign begins, nobody says. Letters, digits and
whatever hangs together by *dot*, *underscore* and *dash* belong to it, and one or two words more,
unless they are words like *is* or *address*. A shop is *at example dot com*, too: words like *it*
or *website* before the sign make it none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from convarchive.redact.labels import EMAIL, listed
from convarchive.redact.script import Find, Script, Span

KIND: Final = "email"

_WRITTEN: Final = re.compile(
    r"[^\W_][\w.+%'-]*@[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+"
)
_TOKENS: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[@._+\-]|[,;:!?]")

_ENDING: Final = re.compile(r"\.\s?[^\W\d_]{2}|@")

_AT: Final = listed("@ at arroba arobase arobas chiocciola apenstaartje klammeraffe affe")
_DOT: Final = listed(". dot point punkt punto ponto punt period")
_JOINTS: Final = listed(
    "_ + dot point punkt punto ponto punt underscore dash hyphen minus plus unterstrich"
    " bindestrich strich tiret guion guionbajo trattino traco underline streepje laagstreepje"
    " subrayado barrabaja tiretbas liggendstreepje sublinhado"
)
_PAIRS: Final = frozenset({
    ("guion", "bajo"), ("tiret", "bas"), ("barra", "baja"), ("under", "score"),
    ("trattino", "basso"), ("traco", "baixo"), ("laag", "streepje"), ("liggend", "streepje"),
    ("guion", "medio"), ("under", "line"), ("raya", "baja"), ("tiret", "haut"),
})  # fmt: skip
_TOP: Final = listed(
    "com org net edu gov mil info biz io co ai app dev me tv us uk ca au nz ie de at ch fr be"
    " nl lu es mx ar cl pe br pt it pl cz dk se no fi gr hu ro ru ua tr in jp cn kr hk sg za"
    " eu name online shop store tech xyz cloud test example invalid"
)
_AFTER_POINT: Final = listed("com org net fr be ch ca eu")
"""Those behind *point*, which is a word by itself: *at this point in time*."""

_PROVIDERS: Final = listed("gmail hotmail outlook yahoo icloud aol gmx web proton protonmail")

_LETTERED: Final = listed("for as like in wie von fur como de comme")
"""*J as in John*, *T wie Theodor*."""

_STOPS: Final = listed(
    "have has had got sent"
    " is its it email e mail address my the a an that thats this so yes yeah yep no okay ok"
    " sure um uh er well and or to at on in by be use using send write contact reach me him"
    " her you us we he she they i under with from just alright right hi hello please your"
    " our their was its ist lautet adresse meine die das der ja und oder an unter bei ich mail"
    " mailadresse ne also es mi el la correo electronico si y o a su para pues bueno soy est"
    " mon adresse oui et ou mel courriel le ma mon votre sur au ai donc alors e il mio la"
    " mia indirizzo posta allora si o meu minha endereco sim um het mijn adres ja en of is de"
    " the registered called spelled"
)
_DESCRIBED: Final = listed("all one word lowercase lower case uppercase capital capitals")
"""How it is written: *all one word*."""
_NUMBERS: Final = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
    " hundred thousand double triple null eins zwei drei vier funf sechs sieben acht neun cero uno"
    " dos tres cuatro cinco seis siete ocho nueve un deux trois quatre cinq sept huit neuf due tre"
    " quattro cinque sei sette otto nove um dois quatro sete oito nul een twee vijf zes zeven negen"
)
"""What is as little as a letter."""
_ROLES: Final = listed("info information support help account contact sales service")
"""Before a sign they are a name if an address was asked for."""
_NO_NAME: Final = _ROLES | listed(
    "it its this that thats im them me us you him her he she they we i one online website"
    " site sites web page webpage store shop app available look looking find found order"
    " ordered ordering orders bought buy purchased visit go going log login logged sign signed"
    " up here there check chat shopping work working works worked more details out and or is"
    " are was be also only just as directly now today things stuff items item products product"
    " account sale us back posted published posts blog over arrive arrived starting start"
    " starts hosted"
)
_NO_DOMAIN: Final = listed("www the my our your his her their a an this that these least all home")
_LONGEST_NAME: Final = 40
_PLAIN: Final = 2
"""Words of a name that nothing joins."""
_LONGEST_DOMAIN: Final = 24
_DOMAIN: Final = 3
"""Words between two dots of a domain; letters can be more."""
_ASKED: Final = 25
"""Words since an address was asked for."""


class _Token(NamedTuple):
    text: str
    line: int
    start: int
    end: int


def find(script: Script) -> list[Find]:
    """The addresses."""
    found = list(_written(script))
    dots = not _DOT.isdisjoint(script.flow) or any(
        _ENDING.search(line.text) for line in script.lines
    )
    for side in dict.fromkeys(line.side for line in script.lines) if dots else ():
        found += _spoken(script, _tokens(script, side))
    return found


def _written(script: Script) -> Iterator[Find]:
    for at, line in enumerate(script.lines):
        if "@" in line.text:
            for match in _WRITTEN.finditer(line.text):
                yield Find(KIND, (Span(at, *match.span()),), match[0].casefold())


def _tokens(script: Script, side: str) -> list[_Token]:
    return [
        _Token(_bare(match[0]), at, *match.span())
        for at, line in enumerate(script.lines)
        if line.side == side
        for match in _TOKENS.finditer(line.text)
    ]


@lru_cache(maxsize=4096)
def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part) and part not in "'’")


def _spoken(script: Script, tokens: list[_Token]) -> Iterator[Find]:
    done = 0
    for sign, token in enumerate(tokens):
        # A pause after the sign is written as a comma.
        first = sign + 1 + ([token.text for token in tokens[sign + 1 : sign + 2]] == [","])
        end = _domain(tokens, first) if token.text in _AT and sign > done else 0
        start = _name(tokens, sign, done) if end else sign
        if start < sign and _meant(script, tokens, sign - 1):
            done = end
            yield Find(KIND, tuple(_spans(tokens[start:end])))


def _domain(tokens: list[_Token], at: int) -> int:
    """Past the last token of a domain that begins here; 0 where none does."""
    end = label = 0
    for n, (text, *_) in enumerate(tokens[at : at + _LONGEST_DOMAIN], start=at):
        if text in _DOT:
            top = tokens[n + 1].text if n + 1 < len(tokens) else ""
            if n == at or not _is_dot(tokens, n, tokens[at - 1].text):
                break
            if top in (_AFTER_POINT if text in ("point", "period") else _TOP):
                end = n + 2
            elif end:
                break
            label = 0
        elif n != end - 1:
            label += len(text) > 1
            stops = text in ",;:!?" or text in _AT or (n == at and text in _NO_DOMAIN)
            if stops or n == end or label > _DOMAIN:
                break
    return end


def _is_dot(tokens: list[_Token], at: int, sign: str) -> bool:
    """Whether it isn't the end of a sentence."""
    certain = sign == "@" or tokens[at - 1].text in _PROVIDERS
    return tokens[at].text != "." or certain or _is_glued(tokens, at)


def _is_glued(tokens: list[_Token], at: int) -> bool:
    """Whether a sign touches what stands on both sides of it."""
    before, sign, *after = tokens[at - 1 : at + 2]
    return before.end == sign.start and bool(after) and after[0].start == sign.end


def _name(tokens: list[_Token], sign: int, least: int) -> int:
    """Where the name before the sign begins; the sign itself where there is none."""
    at, joined, spelled = sign, False, False
    plain = _PLAIN - 1 if _is_glued(tokens, sign) else 0
    while at > max(least, sign - _LONGEST_NAME):
        text = tokens[at - 1].text
        if joint := _joint(tokens, at - 1):
            at, plain, joined = at - joint, 0, True
            continue
        if text == "," and (at == sign or spelled):
            at -= 1
            continue
        if text in _DESCRIBED:
            at -= 1
            continue
        spelled = len(text) == 1
        if length := _letter_and_word(tokens, at):
            at, spelled = at - length, True
        elif text in ",;:!?.-" or text in _AT:
            break
        elif not joined and len(text) > 1 and not text.isdecimal() and text not in _NUMBERS:
            if text in _STOPS or plain == _PLAIN:
                break
            plain, at = plain + 1, at - 1
        else:
            at -= 1
        joined = False
    return _trimmed(tokens, at, sign)


def _joint(tokens: list[_Token], at: int) -> int:
    """How many tokens join what stands on both sides, the last being here."""
    before, text = tokens[at - 1].text if at else "", tokens[at].text
    if (before, text) in _PAIRS:
        return 2
    return int(text in _JOINTS or (text in ".-" and at > 0 and _is_glued(tokens, at)))


def _letter_and_word(tokens: list[_Token], end: int) -> int:
    """How many tokens before this one are a letter and a word for it: *J as in John*."""
    texts = [token.text for token in tokens[max(0, end - 4) : end]]
    if texts[-3:-1] == ["as", "in"] and len(texts) == 4 and len(texts[0]) == 1:
        return 4
    return 3 * (len(texts) >= 3 and texts[-2] in _LETTERED and len(texts[-3]) == 1)


def _trimmed(tokens: list[_Token], at: int, sign: int) -> int:
    """The same without a joint or *a* at its beginning."""
    while at < sign and (_joint(tokens, at) or tokens[at].text in ",;:!?.-"):
        at += 1
    alone = at + 1 < sign and len(tokens[at].text) == 1 and len(tokens[at + 1].text) > 1
    return at + (alone and tokens[at].text in _STOPS and not _joint(tokens, at + 1))


def _meant(script: Script, tokens: list[_Token], at: int) -> bool:
    """Whether the last word before the sign can be a name, or the end of one."""
    text, line, start, end = tokens[at]
    if text not in _NO_NAME or (at and _joint(tokens, at - 1)):
        return True
    asked = script.label_before(script.words_at(line, start, end)[0], _ASKED)
    return text in _ROLES and asked is not None and asked.kind == EMAIL


def _spans(tokens: list[_Token]) -> Iterator[Span]:
    for line, group in groupby(tokens, key=lambda token: token.line):
        in_line = list(group)
        yield Span(line, in_line[0].start, in_line[-1].end)
