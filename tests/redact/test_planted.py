"""Card numbers planted into conversations of all kinds: none comes out, in any format."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.export import FORMATS, FileFormat, Selection, export
from convarchive.model import Conversation, Turn
from convarchive.redact import FINDERS, Redaction, Redactor, kinds
from convarchive.redact.redactor import Known
from convarchive.redact.script import Line, Script

FORMATS_TO_TRY = ("jsonl", "json", "csv", "text", "srt", "vtt", "raw")
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
REDACTOR = Redactor(kinds(list(FINDERS)))

PHRASES = st.sampled_from(
    ["Okay.", "I was charged twice.", "On the ninth of May.", "It's invoice 4471.", "Sure, €12.50",
     "", "mm-hm", "…", "Is that all?", "<b>no</b> --> yes", "Room 12, floor 3."]
)  # fmt: skip


def check_digit(digits: str) -> str:
    """What makes the number right by Luhn's formula."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    return str(-(doubled + sum(map(int, digits[-2::-2]))) % 10)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A number as Visa or Mastercard give it out, not of one digit alone."""
    head = draw(st.sampled_from(["4", "51", "55", "2221", "2720"]))
    rest = draw(st.text("0123456789", min_size=15 - len(head), max_size=15 - len(head)))
    return head + rest + check_digit(head + rest)


@st.composite
def planted(draw: st.DrawFn) -> tuple[str, Conversation, bytes]:
    """A number, a conversation in which it is said and written, and the vendor's JSON."""
    number = draw(numbers())
    spoken = draw(st.booleans())
    step = draw(st.sampled_from([4, 8, 16]))
    pieces = [number[at : at + step] for at in range(0, 16, step)]
    joint = draw(st.sampled_from([" ", "-", ""]))
    said = [
        " ".join(WORDS[int(digit)] for digit in piece)
        if spoken
        else joint.join(piece[at : at + 4] for at in range(0, step, 4))
        for piece in pieces
    ]
    before, after = draw(st.lists(PHRASES, max_size=3)), draw(st.lists(PHRASES, max_size=3))
    texts = [*(("agent", text) for text in before), ("agent", "What is your card number?")]
    for piece in said:
        texts += [("customer", piece), ("agent", draw(st.sampled_from(["Okay.", "mm-hm", "Yes."])))]
    texts += [("agent", text) for text in after]
    turns = tuple(
        Turn(at, side, side, text, float(at), at + 0.5) for at, (side, text) in enumerate(texts)
    )
    conversation = Conversation(
        "ayra",
        draw(st.sampled_from(["conv_1", f"conv_{number}", f"pay-{number}.x"])),
        language=draw(st.sampled_from(["en", None])),
        summary=f"Paid with {number}.",
        topics=(f"card:{number}",),
        actions=({"number": int(number), number: [number]},),
        turns=turns,
    )
    payload = {"id": conversation.id, "n": int(number), "words": " ".join(said),
               "turns": [{"role": side, "text": text} for side, text in texts]}  # fmt: skip
    return number, conversation, json.dumps(payload).encode()


def leaked(number: str, data: str) -> list[str]:
    """Stretches of seven digits of the number, or the words for them, that are still there; but for
    those of one or two digits, which are in times as well."""
    plain = re.sub(r"[\W_]+", "", data)
    stretches = {number[at : at + 7] for at in range(10)}
    stretches = {stretch for stretch in stretches if len(set(stretch)) > 2}
    spoken = {"".join(WORDS[int(digit)] for digit in stretch) for stretch in stretches}
    return sorted(stretch for stretch in stretches | spoken if stretch in plain)


@settings(max_examples=60, deadline=None)
@given(planted())
def test_no_format_holds_a_planted_number(case: tuple[str, Conversation, bytes]) -> None:
    """Neither in its bytes nor in the names of its files."""
    number, conversation, payload = case
    selection = Selection(
        query=f'"{number}"', archive="a", count=1,
        conversations=lambda: iter([(1, conversation)]),
        documents=lambda _: [("detail", payload)],
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as directory:
        for fmt in FORMATS_TO_TRY:
            target = Path(directory) / fmt
            with Redaction(selection, REDACTOR.kinds) as redaction:
                export(redaction.selection, fmt, target)
            files = [target] if isinstance(FORMATS[fmt], FileFormat) else list(target.iterdir())
            for file in files:
                # Hashes are long digits by chance.
                data = re.sub(r'"sha256":"[0-9a-f]*"', "", file.read_text(encoding="utf-8"))
                assert leaked(number, data) == [], (fmt, file.name, data)
                assert leaked(number, file.name) == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_can_be_looked_through(texts: list[str]) -> None:
    """Whatever it is; and what is found lies within it."""
    script = Script([Line("c", text) for text in texts], "en")
    for find in REDACTOR.find(script, Known()):
        for line, start, end in find.spans:
            assert 0 <= start < end <= len(texts[line])


@settings(max_examples=100, deadline=None)
@given(st.lists(PHRASES, max_size=12))
def test_what_is_ordinary_stays(texts: list[str]) -> None:
    """Nothing is found in it."""
    script = Script([Line("ab"[at % 2], text) for at, text in enumerate(texts)], "en")
    assert REDACTOR.find(script, Known()) == []
