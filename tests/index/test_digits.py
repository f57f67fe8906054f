"""A number is found however it was written, said or broken up, and another number is not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from convarchive.index import schema
from convarchive.index.digits import SHORTEST, Run, asked, held, indexed, phrases, runs
from convarchive.index.words import fold, words

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SAID = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def listened(*lines: str, language: str | None = None) -> list[Run]:
    """The runs of a conversation that is given as ``side: text``."""
    spoken = [line.partition(": ") for line in lines]
    return runs([(side, fold(text)) for side, _, text in spoken], language)


def numbers(*lines: str, language: str | None = None) -> list[str]:
    """What in it may be a number."""
    return [number for run in listened(*lines, language=language) for _, number in run.numbers]


def found(question: str, run: Run) -> bool:
    """Whether the index finds the run: it has one of the phrases, as the engine looks for them."""
    asked_for = [" ".join(phrase) for phrase in phrases(asked(question) or "none")]
    return any(f" {one} " in f" {value} " for one in asked_for for value in indexed(run))


def finds(question: str, *lines: str, language: str | None = None) -> bool:
    """Whether a question finds a conversation."""
    return any(found(question, run) for run in listened(*lines, language=language))


def marked(question: str, *lines: str) -> list[str]:
    """The words that are highlighted, turn by turn."""
    digits = asked(question)
    assert digits
    places = sorted(place for run in listened(*lines) for place in held(run, digits))
    texts = [words(line.partition(": ")[2]) for line in lines]
    turns = dict.fromkeys(turn for turn, _ in places)
    return [" ".join(texts[turn][at] for other, at in places if other == turn) for turn in turns]


@pytest.mark.parametrize(
    ("digits", "texts"),
    [
        ("5551234", ["5551234", "555-1234", "(555) 1234", "５５５１２３４", "٥٥٥ ١٢٣٤"]),
        ("5551234", ["five five five one two three four", "Five, five, five... one-two-three 4"]),
        ("5551234", ["double five five 1 2 3 4", "five double five 1234", "double 5 5 twelve 34"]),
        ("5551234", ["triple five one two three four", "five fifty-five twelve thirty four"]),
        ("5551234", ["five five five dash one two 34", "555 and then, uh, one two three four"]),
        ("15551234567", ["+1 (555) 123-4567", "plus one five five five 123 4567"]),
        ("007", ["oh oh seven", "double oh seven"]), ("0771", ["oh double seven one"]),
        ("7040", ["seven oh four oh"]), ("0333", ["nought treble three"]),
        ("8005551212", ["eight hundred five five five one two one two", "800 double five 51212"]),
        ("506", ["five hundred six", "five hundred and six", "five oh six"]),
        ("855", ["eight hundred fifty five"]),
        ("1984", ["nineteen eighty-four"]), ("1900", ["nineteen hundred"]),
        ("2021", ["two thousand and twenty one", "twenty twenty-one"]), ("50000", ["50 thousand"]),
        ("15301", ["fifteen thousand three hundred and one"]),
        ("442079460774", ["+44 (0)20 7946 0774", "44 20 7946 oh double seven four"]),
    ],
)  # fmt: skip
def test_writings(digits: str, texts: list[str]) -> None:
    """A number is its digits, and a question is read for them."""
    assert [asked(text) for text in texts] == [digits] * len(texts)


@pytest.mark.parametrize(
    "text",
    [
        "", "...", "refund", "12", "one two", "one", "charged twice", "room 1234", "1234 please",
        "call five five five one two three four", "five five five and", "and five five five",
        "A 555 B", "tw-40871", "uh oh", "oh", "oh oh oh", "double trouble", "double", "a hundred",
        "triple five x", "between 100 and two hundred", "one hundred and two hundred", "cent",
        "mil", "hundert", "555 x 1234", "thousand", "hundred and",
    ],
)  # fmt: skip
def test_no_number(text: str) -> None:
    """What is not wholly a number of three digits or more is looked for as text."""
    assert asked(text) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("my number is five five five, one two three four, thanks", ["5551234"]),
        ("one of those, please", []), ("oh, I see", []), ("the four of us at 5", []),
        ("at ten o'clock", []), ("at 10 o'clock on the 3rd", []), ("oh, two hundred", ["200"]),
        ("my pin is uh four, um, five, two", ["452"]),
        ("five hundred dollars or 600", ["500", "600"]),
        ("between one hundred and two hundred", ["100", "200"]),
        ("three hundred sixty seven million", ["367"]), ("the double room is 101", ["101"]),
        ("TW-40871/6", ["408716"]),
        ("5551234567 and 5559876543", ["55512345675559876543", "5551234567", "5559876543"]),
    ],
)  # fmt: skip
def test_within_a_sentence(line: str, said: list[str]) -> None:
    """Numbers end where other words begin; what has less than three digits is none."""
    assert numbers(f"customer: {line}") == said


@pytest.mark.parametrize(
    ("language", "spoken"),
    [
        ("en", "zero one two three four five six seven eight nine"),
        ("de", "null eins zwei drei vier fünf sechs sieben acht neun"),
        ("es", "cero uno dos tres cuatro cinco seis siete ocho nueve"),
        ("fr", "zéro un deux trois quatre cinq six sept huit neuf"),
        ("it", "zero uno due tre quattro cinque sei sette otto nove"),
        ("pt-BR", "zero um dois três quatro cinco seis sete oito nove"),
        ("nl", "nul één twee drie vier vijf zes zeven acht negen"),
        ("ja", "ゼロ一二三四五六七八九"), ("zh_TW", "零一二三四五六七八九"),
    ],
)  # fmt: skip
def test_digits_of_a_language(language: str, spoken: str) -> None:
    """Each language has its digits, in the conversation and in a question of no language."""
    assert numbers(f"customer: {spoken}.", language=language) == ["0123456789"]
    assert asked(spoken) == asked(spoken, language) == "0123456789"
    assert finds("0123456789", f"customer: {spoken}", language=language)


@pytest.mark.parametrize(
    ("language", "spoken", "digits"),
    [
        ("de", "null achthundert, zwo drei", "080023"),
        ("de", "einundzwanzig dreiunddreißig", "2133"), ("de", "Doppel-Null sieben", "007"),
        ("de", "zweitausend zwanzig", "2020"), ("es", "doble cero siete", "007"),
        ("es", "novecientos dos, treinta y uno, veintitrés", "9023123"),
        ("es", "mil novecientos noventa y cinco", "1995"), ("es", "cincuenta mil", "50000"),
        ("fr", "zéro six, quatre-vingt-douze, soixante-dix-huit, vingt et un", "06927821"),
        ("fr", "soixante et onze, quatre-vingts, dix-sept, nonante-neuf", "71801799"),
        ("fr", "double zéro sept", "007"), ("fr", "mille neuf cent quatre-vingt-quinze", "1995"),
        ("it", "ottocento ventuno trentotto", "82138"), ("it", "doppio zero sette", "007"),
        ("it", "ventitré sessantasette", "2367"),
        ("pt", "nove oito, meia meia, quarenta e cinco", "986645"),
        ("pt", "zero oitocentos, setecentos", "0800700"),
        ("nl", "nul zes, drieëntwintig, zevenenveertig", "062347"),
        ("nl", "dubbel nul zeven", "007"), ("ja", "〇三の一二三四の五六七八", "0312345678"),
        ("zh", "幺三八〇零", "13800"),
    ],
)  # fmt: skip
def test_numbers_of_a_language(language: str, spoken: str, digits: str) -> None:
    """Doubles, pairs and hundreds are said in each language's own way."""
    assert numbers(f"customer: {spoken}", language=language) == [digits]
    assert asked(spoken) == digits


def test_other_languages() -> None:
    """An unknown language is English; in one whose words are not known here figures are numbers."""
    assert numbers("customer: one two three, eins zwei drei") == ["123"]
    assert numbers("customer: 500 100 one two three", language="pl") == ["500100"]


@pytest.mark.parametrize(
    "lines",
    [
        ["c: 555", "c: 1234"], ["c: 555", "a: mm-hm", "c: 1234"], ["c: 555", "c: ", "c: 1234"],
        ["c: five five five", "a: okay, five five five, go on", "c: one two three four"],
        ["c: 555", "a: right.", "c: um", "c: 1234"], ["c: 555", "a: 555?", "c: yes, 1234"],
    ],
)  # fmt: skip
def test_goes_on(lines: list[str]) -> None:
    """A number goes on in the speaker's next turn, if little was said in between."""
    assert finds("5551234", *lines)


@pytest.mark.parametrize(
    "lines",
    [
        ["c: 555", "a: I did not understand you at all", "c: 1234"],
        ["c: 555 I think", "a: mm-hm", "c: 1234"], ["c: 555", "a: 1234"],
        ["c: 555", "a: yes?", "c: that is all for today 1234"],
        ["c: 555", "c: I have it here somewhere, wait", "c: 1234"],
    ],
)  # fmt: skip
def test_does_not_go_on(lines: list[str]) -> None:
    """Other words end a number, and nobody ends another's."""
    assert not finds("5551234", *lines)


def test_read_back_is_a_number_of_its_own() -> None:
    """Both sides can say a number in turns; each has the whole."""
    both = listened("c: 555", "a: five five five", "c: 1234", "a: 1234")
    assert [(run.side, run.digits) for run in both] == [("c", "5551234"), ("a", "5551234")]


def test_each_turn_stands_for_itself_too() -> None:
    """Two answers side by side are not only one long number; *20* and *5 of them* are none at all,
    unless digits are said one by one."""
    assert numbers("c: 40871", "a: and?", "c: 555") == ["40871555", "40871", "555"]
    assert numbers("c: I have 20", "a: ok", "c: 5 of them") == []
    assert numbers("c: nine oh two", "a: ok", "c: one oh")[0] == "90210"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("5551234567", "+1 (555) 123-4567"), ("+1 (555) 123-4567", "5551234567"),
        ("+1 (555) 123-4567", "five five five one two three four five six seven"),
        ("five five five one two three four", "call 555-1234 twice"),
        ("+1 212 555 1234", "555-1234"),
        ("555-1234", "five five five one two three four, two zero times"),
        ("020 7946 0774", "+44 20 7946 0774"), ("+44 20 7946 0774", "020 7946 0774"),
        ("0044 20 7946 0774", "oh two oh, seven nine four six, oh double seven four"),
        ("+44 20 7946 0774", "+44 (0)20 7946 0774"), ("+44 (0)20 7946 0774", "020 7946 0774"),
        ("4111111111111111", "4111 1111 1111 1111, 12/26"), ("500", "five hundred"),
        ("five hundred", "$500"), ("90210", "nine oh two one oh"),
    ],
)  # fmt: skip
def test_found(question: str, text: str) -> None:
    """A number is found in another writing, and without what is dialled before it."""
    assert finds(question, f"customer: {text}")
    assert marked(question, f"customer: {text}")


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("555-1234", "555-1235"), ("555", "five five five one two three four"),
        ("1234", "5551234"), ("+1 212 555 1234", "+1 646 555 1234"),
        ("4111111111111111", "1111111"),
    ],
)  # fmt: skip
def test_not_found(question: str, text: str) -> None:
    """Another number is not found, and a few digits are not looked for amid others."""
    assert not finds(question, f"customer: {text}")
    assert not marked(question, f"customer: {text}")


def test_only_the_number_is_marked() -> None:
    """Of digits in a row those are marked that were asked for, and no pauses."""
    assert marked("555-1234", "a: so 20 555 um 1234 30 ok") == ["555 1234"]
    assert marked("500", "a: five hundred, and 700") == ["five hundred"]
    assert marked("555-1234", "a: it's 5 5 5", "b: yes", "a: um 12 34") == ["5 5 5", "12 34"]


def test_the_engine_agrees() -> None:
    """A real index finds by these phrases, and only what is one number."""
    from tantivy import Document, Index, Query, SchemaBuilder

    builder = SchemaBuilder()
    builder.add_text_field("digits", tokenizer_name="words")
    index = Index(builder.build())
    schema.register_analyzers(index)
    texts = ["five five five 123-4567", "it's 123, well, four five six seven", "555", "555-1234"]
    writer = index.writer()
    for text in texts:
        values = [value for run in listened(f"customer: {text}") for value in indexed(run)]
        writer.add_document(Document(digits=values))
    writer.commit()
    index.reload()
    counts = []
    for question in ("5551234567", "1234567", "555", "4567", "3456"):
        queries = [Query.phrase_query(index.schema, "digits", one) for one in phrases(question)]
        counts.append(sum(index.searcher().search(query).count for query in queries))
    assert counts == [1, 1, 1, 1, 0]


DIGITS = st.text("0123456789", min_size=7, max_size=15)


@st.composite
def written(draw: st.DrawFn, digits: str) -> list[str]:
    """The turns that say a number: in figures, in words, with doubles, broken up."""
    said: list[str] = []
    rest = digits
    while rest:
        form, taken = draw(st.sampled_from(["figures", "word", "double", "oh"])), 1
        if form == "figures":
            taken = draw(st.integers(1, 7))
            said.append(rest[:taken])
        elif form == "double" and rest[:2] == rest[:1] * 2:
            taken = 2
            said.append(f"double {draw(st.sampled_from([SAID[int(rest[0])], rest[0]]))}")
        elif form == "oh" and rest[0] == "0" and said and said[-1] in SAID:
            said.append("oh")
        else:
            said.append(SAID[int(rest[0])])
        rest = rest[taken:]
        if rest and draw(st.booleans()):
            said.append(draw(st.sampled_from(["-", ") ", ".", ",", "uh", "dash", "and", "/"])))
    between = draw(st.sampled_from([[], ["agent: mm-hm"], ["agent: okay, 20"]]))
    spoken = [[*between, f"customer: {text}"] for text in " ".join(said).split("/")]
    return [line for turn in spoken for line in turn][len(between) :]


@given(st.data(), DIGITS)
@settings(max_examples=300, deadline=None)
def test_any_writing_is_found(data: st.DataObject, digits: str) -> None:
    """In whatever writing, the same number is found, and all the words that say it are marked."""
    lines = data.draw(written(digits))
    question = data.draw(written(digits).filter(lambda turns: len(turns) == 1))[0]
    question = question.removeprefix("customer: ")
    assert asked(question) == digits
    (run,) = [run for run in listened(*lines) if run.side == "customer"]
    assert run.digits == digits
    assert found(question, run)
    assert held(run, digits) == set(run.places)


@given(st.data(), DIGITS)
@settings(max_examples=300, deadline=None)
def test_another_number_is_not_found(data: st.DataObject, digits: str) -> None:
    """A number that differs in one of its last seven digits is another."""
    at = data.draw(st.integers(len(digits) - 7, len(digits) - 1))
    changed = data.draw(st.sampled_from("0123456789".replace(digits[at], "")))
    other = digits[:at] + changed + digits[at + 1 :]
    assume(digits[-7:] not in other)
    assert not finds(digits, *data.draw(written(other)))


NOISE = st.lists(
    st.sampled_from([*SAID, "oh", "double", "hundred", "thousand", "and", "uh", "20", "0", "xyz"]),
    max_size=12,
).map(" ".join)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(["agent", "customer"]), NOISE), max_size=6), st.data())
@settings(max_examples=300, deadline=None)
def test_index_and_marks_agree(texts: list[tuple[str, str]], data: st.DataObject) -> None:
    """A run is found by the index if, and only if, some of its words are marked."""
    for run in runs(texts):
        start = data.draw(st.integers(0, len(run.digits) - 1))
        question = run.digits[start : data.draw(st.integers(start, len(run.digits)))]
        question = data.draw(st.sampled_from(["", "0", "1", "00"])) + question
        if len(question) >= SHORTEST:
            assert found(question, run) == bool(held(run, question))


@given(
    st.lists(st.tuples(st.text(max_size=2), st.text(max_size=40) | NOISE), max_size=6),
    st.sampled_from([None, "", "en", "fr", "zh", "pl", "x_Y-", "\ud800"]),
)
@example([("a", "five " * 3), ("b", "½ ② ²³¹ ٣٣٣")], None)
@settings(max_examples=300, deadline=None)
def test_any_text(texts: list[tuple[str, str]], language: str | None) -> None:
    """Nothing that can be said or asked is an error, and places are words of the text."""
    folded = [(side, fold(text)) for side, text in texts]
    for run in runs(folded, language):
        assert list(run.places) == sorted(set(run.places))
        for turn, at in run.places:
            assert folded[turn][0] == run.side
            assert words(texts[turn][1])[at] == folded[turn][1].split()[at]
        assert indexed(run)
        assert run.digits.isascii()
        assert run.digits.isdecimal()
    for _, text in texts:
        digits = asked(text, language)
        assert digits is None or (len(digits) >= SHORTEST and phrases(digits))


@pytest.mark.parametrize("text", ["oh ", "double ", "cien uno ", "mille cent ", "5 ", "five and "])
def test_endless_talk(text: str) -> None:
    """However long a speaker goes on, it is no deeper than a word."""
    for language in ("en", "es", "fr"):
        runs([("customer", text * 5_000)], language)
    asked(text * 5_000)


def real(name: str) -> Iterator[tuple[str, list[str], list[Run]]]:
    """The conversations of a collection beside the repository: id, texts and what is found."""
    path = CORPUS / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip("the collection of real conversations is not here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for call in map(json.loads, lines):
            texts = [(turn["speaker"], fold(turn["text"])) for turn in call["turns"]]
            yield call["id"], [text for _, text in texts], runs(texts, call["language"])


def test_answers_of_real_callers() -> None:
    """Each answer that is figures alone, as in *45 7 4 2*, is found by the figures in one."""
    answers = 0
    for _, texts, spoken in islice(real("evi"), 1000):
        for digits in filter(None, map(asked, texts)):
            answers += 1
            assert any(found(digits, run) and held(run, digits) for run in spoken), digits
    assert answers > 500


def test_spoken_in_real_calls() -> None:
    """Numbers that real patients say in words are found, dates of birth among them."""
    spoken = {name.partition("-")[2]: runs_ for name, _, runs_ in real("primock57")}
    for name, question in (
        ("day3_consultation10", "092983"), ("day3_consultation02", "21/12/1986"),
        ("day4_consultation07", "2016"), ("day5_consultation07", "734"),
    ):  # fmt: skip
        assert any(found(question, run) for run in spoken[name]), question
