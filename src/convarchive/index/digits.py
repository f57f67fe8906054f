"""Numbers in any writing: ``+1 (555) 123-4567``, ``5551234567``, *five five five*, *double five*.

To the full text these are different words. Here what is said is read for its digits: number words
that stand side by side are one `Run`, also where the speaker stops for a short *mm-hm* or for a
read-back and goes on in the next turn. A question is read by the same rules (`asked`), so the two
meet in their digits.

**What finds what** (`held`; in the index `indexed` and `phrases`):

* three to six digits find a number that is the same;
* seven digits or more are found wherever they stand in a row: without the country's code or the
  area's, and amid other numbers, since nobody says where a spoken number ends;
* a number with fewer digits than were asked for is found if it is their end, from seven digits on;
  the zero that opens a number within its country makes no difference.

**In the index** a number is all its groups of four neighbouring signs, with a mark at both ends:
``5551`` is ``=555 5551 551=``. Digits in a row are a phrase of them. There are 12,000 groups at
most. A word for every ending of a number took three times the space, one for every stretch five.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from convarchive.index.words import words

SHORTEST: Final = 3
"""Digits of a number; less is a word like any other."""

LOCAL: Final = 7
"""Digits by which a number is known without what stands before them."""

_NATIONAL: Final = 8
"""Digits that a number has at least without the zero that is dialled within its country."""

_LONGEST_PHONE: Final = 15
"""Digits, by ITU-T E.164. Of a longer number no end stands for the whole."""

_LEAD: Final = 2
"""Words before a number that goes on in another turn: *yes*, *and it's*."""

_INTERJECTION: Final = 4
"""Words of others, numbers aside, that don't end a number: *mm-hm*, *okay, go ahead*."""

_GROUP: Final = 4
_MARK: Final = "="

Place = tuple[int, int]
"""The index of a turn, and the position of a word in it."""


class Part(NamedTuple):
    """Digits that one word or expression says: ``555``, *five*, *double five*, *eight hundred*."""

    digits: str
    places: tuple[Place, ...]
    apart: bool
    """Whether it may as well begin another number: after *and*, or in a new turn."""


class Run(NamedTuple):
    """Digits that one side says in a row."""

    side: str
    parts: tuple[Part, ...]

    @property
    def digits(self) -> str:
        """All of them."""
        return "".join(part.digits for part in self.parts)

    @property
    def places(self) -> tuple[Place, ...]:
        """The words that say them."""
        return tuple(place for part in self.parts for place in part.places)

    @property
    def numbers(self) -> list[tuple[int, str]]:
        """What may be a number: the whole, and each stretch that can stand for itself. Each with
        its place among the digits; none where nothing is long enough."""
        starts: list[int] = []
        at, closed = 0, True
        for digits, _, apart in self.parts:
            # Seven digits written as one are a number, whatever stands beside them.
            entire = len(digits) >= LOCAL
            if apart or entire or closed:
                starts.append(at)
            at, closed = at + len(digits), entire
        whole = self.digits
        found = [(start, whole[start:end]) for start, end in pairwise([*starts, at])]
        # "Twenty", and in the next turn "five of them", are not 205. Digits said one by one join.
        if len(found) > 1 and (at >= LOCAL or at == len(self.parts)):
            found.insert(0, (0, whole))
        return [(start, number) for start, number in found if len(number) >= SHORTEST]


def runs(texts: Sequence[tuple[str, str]], language: str | None = None) -> list[Run]:
    """The numbers in a conversation, or in a summary.

    Args:
        texts: The side that speaks and the folded text, for each turn.
        language: As a tag; English where unknown. In one without `_TONGUES` only figures count.
    """
    tongue = _tongue(language or "en")
    found: list[tuple[str, list[Part]]] = []
    unfinished: dict[str, tuple[list[Part], int]] = {}
    passed = 0  # words of all sides that belong to no number
    for turn, (side, text) in enumerate(texts):
        said = text.split()
        if tongue.silent(said):
            passed += len(said)
            continue
        numbers, lead, loose, breaks_off = _listen(said, turn, tongue)
        before, since = unfinished.get(side, ([], 0))
        if before and numbers and lead <= _LEAD and passed - since <= _INTERJECTION:
            first = numbers[0]
            before += [first[0]._replace(apart=True), *first[1:]]
            numbers[0] = before
        found += [(side, number) for number in numbers if number is not before]
        passed += loose
        if breaks_off:
            unfinished[side] = (numbers[-1], passed)
        elif numbers:
            unfinished.pop(side, None)
    return [run for side, parts in found if (run := Run(side, tuple(parts))).numbers]


def asked(text: str, language: str | None = None) -> str | None:
    """The digits of a question, as typed, that is a number and nothing else, `SHORTEST` or more.
    Its words are read in this language; in any of `_TONGUES` if there is none."""
    if text.lstrip().startswith(("+", "00")):
        text = text.replace("(0)", "")  # +44 (0)20 … is dialled with the code or with the zero
    said = words(text)
    if all(map(str.isdecimal, said)):
        digits = "".join(map(_figures, said))
        return digits if len(digits) >= SHORTEST else None
    if len(said) == 1:
        return None  # "cent" and "mil" are numbers in one language and words in another
    # To prepare a language takes its time, and few have a word that begins like this.
    start = next(word for word in said if not word.isdecimal())[:3]
    likely = (name for name, table in _TONGUES.items() if start in " ".join(table.values()))
    for name in likely if language is None else (language,):
        tongue = _tongue(name)
        numbers, _, loose, _ = _listen(said, 0, tongue)
        if len(numbers) == 1 and not loose and not tongue.silent(said):
            run = Run("", tuple(numbers[0]))
            ends = [run.places[0][1], run.places[-1][1]]
            if ends == [said[0] in tongue.plus, len(said) - 1] and (0, run.digits) in run.numbers:
                return run.digits
    return None


def indexed(run: Run) -> list[str]:
    """Values for a field of the index that is taken apart at spaces and keeps positions."""
    marked = dict.fromkeys(f"{_MARK}{number}{_MARK}" for _, number in run.numbers)
    return [" ".join(_groups(number)) for number in marked]


def phrases(digits: str) -> list[list[str]]:
    """What to ask such a field for: any of these sequences of terms, side by side."""
    return [_groups(pattern) for pattern in _patterns(digits)]


def held(run: Run, digits: str) -> set[Place]:
    """The words that say the number that is asked for; none if this is not it."""
    said = [part.places for part in run.parts for _ in part.digits]
    found: set[Place] = set()
    for start, number in run.numbers:
        marked = f"{_MARK}{number}{_MARK}"
        for pattern in _patterns(digits):
            at = marked.find(pattern)
            while at >= 0:
                first = start + max(0, at - 1)
                found.update(*said[first : first + len(pattern.strip(_MARK))])
                at = marked.find(pattern, at + 1)
    return found


def _groups(marked: str) -> list[str]:
    return [marked[at : at + _GROUP] for at in range(len(marked) - _GROUP + 1)]


def _patterns(digits: str) -> list[str]:
    """What a number that answers has in it, its marks included. At least one group long."""
    if len(digits) < LOCAL:
        return [f"{_MARK}{digits}{_MARK}"]
    rest = digits[2:] if digits.startswith("00") else digits.removeprefix("0")
    if not _NATIONAL <= len(rest) <= _LONGEST_PHONE:
        rest = digits
    if len(rest) > _LONGEST_PHONE:
        return [rest]
    ends = [rest[at:] for at in range(1, len(rest) - LOCAL + 1)]
    # A country's code has one to three digits. At home a zero is dialled instead; some write both.
    local = [end for end in ends[:3] if len(end) >= _NATIONAL]
    both = [f"{rest.removesuffix(end)}0{end}" for end in local]
    alone = [f"{_MARK}{end}{_MARK}" for end in [*ends, *(f"0{end}" for end in local)]]
    return [*dict.fromkeys([digits, rest]), *both, *alone]


def _listen(said: list[str], turn: int, tongue: _Tongue) -> tuple[list[list[Part]], int, int, bool]:
    """The numbers of a turn; its words before the first of them, and those in none of them, both
    without pauses; whether the last may go on in another turn."""
    numbers: list[list[Part]] = []
    lead = loose = at = end = 0
    going_on = apart = False
    while at < len(said):
        begins = (word := said[at]) in tongue.begins or word.isdecimal()
        found = _number(said, at, tongue, going_on and at == end) if begins else None
        if found is None:
            paused = word in tongue.pauses
            going_on, apart = going_on and paused, apart or word in tongue.links
            loose += not paused
            at += 1
            continue
        if not going_on:
            lead = lead if numbers else loose
            numbers.append([])
        digits, end = found
        places = tuple((turn, place) for place in range(at, end))
        numbers[-1].append(Part(digits, places, apart and going_on))
        at, going_on, apart = end, True, False
    return numbers, lead, loose, going_on


def _number(said: list[str], at: int, tongue: _Tongue, follows: bool) -> tuple[str, int] | None:
    """The digits that a word says, with those behind it that belong to it, and where they end."""
    word = said[at]
    if word.isdecimal() and (len(word) > 3 or said[at + 1 : at + 2] != tongue.thousand):
        return _figures(word), at + 1
    if word in tongue.times:
        digit = _digit(said, at + 1, tongue)
        return digit and (digit[0] * tongue.times[word], digit[1])
    if word in tongue.weak:
        # "Oh, I see" and "oh, twenty" have no zero, "oh seven" and "oh double seven" have.
        ahead = _digit(said, at + 1, tongue) or tongue.times.keys() & said[at + 1 : at + 2]
        return _digit(said, at, tongue) if follows or ahead else None
    found = (int(word), at + 1) if word.isdecimal() else tongue.value(said, at)
    while found:
        value, end = found
        if more := _rest(said, value, end, tongue):
            found = (value + more[0], more[1])
        elif 0 < value < 1000 and said[end : end + 1] == tongue.thousand:
            found = (1000 * value, end + 1)
        else:
            return str(value), end
    return None


def _digit(said: list[str], at: int, tongue: _Tongue) -> tuple[str, int] | None:
    """The one digit that a word says, and where it ends."""
    word = said[at] if at < len(said) else ""
    if word in tongue.weak:
        return None if said[at + 1 : at + 2] == ["clock"] else (tongue.weak[word], at + 1)
    if word.isdecimal():
        return (_figures(word), at + 1) if len(word) == 1 else None
    found = tongue.value(said, at)
    return (str(found[0]), found[1]) if found and found[0] < 10 else None


def _rest(said: list[str], value: int, end: int, tongue: _Tongue) -> tuple[int, int] | None:
    """What is added to hundreds or thousands: *eight hundred fifty*, *five hundred and six*. But
    *eight hundred five five five* is 800 555."""
    if value < 100 or value % 100:
        return None
    start = end + (said[end : end + 1] == tongue.links[:1])
    more = tongue.value(said, start)
    if more is None or not 0 < more[0] < (100 if value % 1000 else 1000):
        return None
    digits_follow = start == end and more[0] < 10 and _digit(said, more[1], tongue)
    return None if digits_follow else more


def _figures(word: str) -> str:
    """Decimal digits of any script as 0 to 9."""
    return word if word.isascii() else "".join(str(int(figure)) for figure in word)


# Which words are numbers. As all text here they are folded: "fünf" is "funf".

_TONGUES: Final[dict[str, dict[str, str]]] = {
    "en": {"units": "zero/nought/naught one two three four five six seven eight nine ten eleven"
           " twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
           "tens": "twenty thirty forty fifty sixty seventy eighty ninety",
           "pairs": "T_U", "hundreds": "U_hundred", "thousand": "thousand",
           "weak": "o=0 oh=0", "times": "double=2 triple=3 treble=3", "plus": "plus",
           "links": "and then", "pauses": "dash hyphen dot space uh um er erm"},
    "de": {"units": "null eins zwei/zwo drei vier funf sechs sieben acht neun zehn elf zwolf"
           " dreizehn vierzehn funfzehn sechzehn siebzehn achtzehn neunzehn", "one": "ein",
           "tens": "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
           "pairs": "UundT", "hundreds": "Uhundert", "thousands": "Utausend",
           "thousand": "tausend", "also": "hundert=100 tausend=1000", "times": "doppel=2",
           "links": "und dann", "pauses": "strich bindestrich punkt ah ahm", "plus": "plus"},
    "es": {"units": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece"
           " catorce quince dieciseis diecisiete dieciocho diecinueve",
           "tens": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
           "pairs": "T_y_U SiU", "thousand": "mil", "also": "cien=100"
           " ciento=100 doscientos=200 trescientos=300 cuatrocientos=400 quinientos=500"
           " seiscientos=600 setecientos=700 ochocientos=800 novecientos=900 mil=1000",
           "times": "doble=2 triple=3", "plus": "mas",
           "links": "y luego", "pauses": "guion punto espacio eh"},
    "fr": {"units": "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize"
           " quatorze quinze seize dix_sept dix_huit dix_neuf", "to_19": "60 80",
           "tens": "vingt trente quarante cinquante soixante septante quatre_vingt/huitante"
           " nonante", "pairs": "T_U T_et_U",
           "hundreds": "U_cent U_cents", "thousand": "mille",
           "also": "quatre_vingts=80 cent=100 mille=1000", "times": "double=2 triple=3",
           "links": "et puis", "pauses": "tiret point espace euh", "plus": "plus"},
    "it": {"units": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici"
           " tredici quattordici quindici sedici diciassette diciotto diciannove",
           "tens": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
           "pairs": "TU SU", "hundreds": "Ucento",
           "thousands": "Umila", "thousand": "mila", "also": "cento=100 mille=1000", "plus": "piu",
           "times": "doppio=2 doppia=2 triplo=3 tripla=3",
           "links": "e poi", "pauses": "trattino punto spazio eh ehm"},
    "pt": {"units": "zero um dois tres quatro cinco seis sete oito nove dez onze doze treze"
           " quatorze/catorze quinze dezesseis/dezasseis dezessete/dezassete dezoito"
           " dezenove/dezanove", "weak": "meia=6", "times": "duplo=2 triplo=3", "plus": "mais",
           "tens": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
           "pairs": "T_e_U", "thousand": "mil", "also": "cem=100 cento=100"
           " duzentos=200 trezentos=300 quatrocentos=400 quinhentos=500 seiscentos=600"
           " setecentos=700 oitocentos=800 novecentos=900 mil=1000",
           "links": "e depois", "pauses": "traco hifen ponto espaco eh"},
    "nl": {"units": "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien"
           " veertien vijftien zestien zeventien achttien negentien",
           "tens": "twintig dertig veertig vijftig zestig zeventig tachtig negentig",
           "pairs": "UenT", "hundreds": "Uhonderd", "thousands": "Uduizend",
           "thousand": "duizend", "also": "honderd=100 duizend=1000", "times": "dubbel=2 dubbele=2",
           "links": "en dan", "pauses": "streepje punt spatie eh uh", "plus": "plus"},
    "ja": {"units": "零/〇/ゼ_ロ 一 二 三 四 五 六 七 八 九", "pauses": "の"},
    "zh": {"units": "零/〇 一/幺 二 三 四 五 六 七 八 九"},
}  # fmt: skip
"""Of each language: the units up to 19, spelt in one or more ways, and the tens from 20; what is
made of them (``_`` is a space, ``U`` a unit, ``T`` a ten, ``S`` one without its last letter), with
the *one* that is used in it and the tens that go on to 19; the word that makes thousands; words
that are digits only beside others; words that repeat a digit; and what may stand within a number:
links, behind which another may begin, pauses, and the sign before a country's code."""


class _Tongue:
    """The number words of a language."""

    def __init__(self, table: dict[str, str]) -> None:
        self.values = _values(table)
        """From words with a space between them to the number that they say."""
        spaces = sorted((said.count(" "), said.partition(" ")[0]) for said in self.values)
        self.longest = {first: count + 1 for count, first in spaces}
        """From the first word of such a number to how many words it can have."""
        self.first = frozenset(self.longest)
        self.weak = _assigned(table["weak"])
        self.times = {word: int(times) for word, times in _assigned(table["times"]).items()}
        self.thousand = table["thousand"].split() or [""]
        self.begins = self.first.union(self.weak, self.times)
        self.links, self.plus = table["links"].split(), table["plus"].split()
        self.pauses = frozenset([*self.links, *self.plus, *table["pauses"].split()])

    def silent(self, said: list[str]) -> bool:
        """Whether no number is among these words: most are letters alone, seen at once."""
        figures = not "".join(said).isalpha() and any(map(str.isdecimal, said))
        return not figures and self.first.isdisjoint(said)

    def value(self, said: list[str], at: int) -> tuple[int, int] | None:
        """The longest number that begins here, and where it ends."""
        longest = self.longest.get(said[at], 0) if at < len(said) else 0
        for end in range(min(at + longest, len(said)), at, -1):
            value = self.values.get(" ".join(said[at:end]))
            if value is not None:
                return value, end
        return None


def _values(table: dict[str, str]) -> dict[str, int]:
    units = [(n, word) for n, ways in enumerate(table["units"].split()) for word in ways.split("/")]
    tens = [(n, ten) for n, ways in enumerate(table["tens"].split(), 2) for ten in ways.split("/")]
    values = dict([(word, n) for n, word in units] + [(word, 10 * n) for n, word in tens])
    counted = [(n, table["one"] or word if n == 1 else word) for n, word in units if n]
    for n, ten in tens:
        for pattern in table["pairs"].split():
            for unit, word in counted:
                if unit < 10 or str(10 * n) in table["to_19"]:
                    pair = pattern.replace("T", ten).replace("S", ten[:-1]).replace("U", word)
                    values[pair] = 10 * n + unit
    for size, times in (("hundreds", 100), ("thousands", 1000)):
        for pattern in table[size].split():
            values |= {pattern.replace("U", word): times * unit for unit, word in counted}
    values |= {word: int(value) for word, value in _assigned(table["also"]).items()}
    return {said.replace("_", " "): value for said, value in values.items()}


def _assigned(pairs: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in pairs.split())


@lru_cache(maxsize=64)
def _tongue(language: str) -> _Tongue:
    primary = language.replace("_", "-").partition("-")[0].casefold()
    return _Tongue(defaultdict(str, _TONGUES.get(primary, {})))
