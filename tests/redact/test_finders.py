"""What each kind finds, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from convarchive.redact.card import is_card, luhn
from convarchive.redact.iban import is_iban
from convarchive.redact.phone import variants
from convarchive.redact.ssn import is_ssn

Shown = Callable[..., list[str]]


def test_a_card_is_hidden_over_turns_and_read_backs(shown: Shown) -> None:
    """Each piece by itself, the agent's pieces too; how it ends may stay."""
    assert shown(
        "agent: What is the card number?",
        "customer: It's four one one one.",
        "agent: Mm-hm, four one one one.",
        "customer: Double one, double one, and then triple one one",
        "agent: Go on, please, I am still with you.",
        "customer: 1111",
        "agent: Thank you, the one ending in 1111.",
    ) == [
        "What is the card number?",
        "It's [card].",
        "Mm-hm, [card].",
        "[card]",
        "Go on, please, I am still with you.",
        "[card]",
        "Thank you, the one ending in 1111.",
    ]


@pytest.mark.parametrize(
    "number",
    ["4222222222222", "4242424242424242", "5555555555554444", "2223003122003222",
     "378282246310005", "30569309025904", "6011111111111117", "3566002020360505",
     "6205500000000000004", "6759649826438453", "2201382000000013"],
)  # fmt: skip
def test_the_brands_are_known(number: str) -> None:
    """With their lengths; none of them with another check digit."""
    assert is_card(number, spoken_of=True)
    assert not is_card(number[:-1] + str((int(number[-1]) + 1) % 10), spoken_of=True)


def test_a_number_of_no_brand_is_none() -> None:
    """However right its check digit is."""
    assert luhn("1234567812345670")
    assert not is_card("1234567812345670", spoken_of=True)


def test_amounts_and_dates_of_a_long_turn_are_no_card(shown: Shown) -> None:
    """Words between digits join them only where a card is spoken of."""
    text = "we had 4111 units in May, 1111 in June, then 1111 and last 1111 of them"
    assert shown(f"customer: {text}") == [text]


def test_a_door_has_a_security_code_too(shown: Shown) -> None:
    """It is no card's."""
    text = "The security code of the front door is 1234."
    assert shown(f"customer: {text}") == [text]


def test_a_code_is_asked_for_and_given(shown: Shown) -> None:
    """The expiry date that comes before it stays, the read-back goes."""
    assert shown(
        "agent: Expiry date?",
        "customer: twelve twenty-nine",
        "agent: And the three digits on the back?",
        "customer: one two three",
        "agent: One two three, thank you. That is 350 in all.",
    )[1:] == [
        "twelve twenty-nine",
        "And the three digits on the back?",
        "[cvv]",
        "[cvv], thank you. That is 350 in all.",
    ]


def test_a_code_that_was_not_given_hides_nothing_else(shown: Shown) -> None:
    """After the thanks comes another thing."""
    text = "And the three digits on the back. Thank you. Sixty-one seventy-five is paid"
    assert shown(f"agent: {text}") == [text]


@pytest.mark.parametrize(
    "number", ["000123456", "666123456", "912345678", "123004567", "123450000"]
)
def test_what_was_never_issued_is_no_ssn(number: str) -> None:
    """By the rules of the Social Security Administration."""
    assert not is_ssn(number)
    assert is_ssn("123456789")


def test_the_last_label_decides_on_nine_digits(shown: Shown) -> None:
    """A routing number is none, though a social security number was spoken of."""
    assert shown(
        "agent: Your social security number?",
        "customer: one two three four five six seven eight nine",
        "agent: And the routing number?",
        "customer: 123456780",
    )[1::2] == ["[ssn]", "123456780"]


def test_an_iban_is_spoken_in_letters_and_digits(shown: Shown) -> None:
    """In the language of the call, over turns; nothing else is read as one."""
    assert shown(
        "customer: D E acht neun drei sieben null vier null null vier vier",
        "agent: Ja.",
        "customer: null fünf drei zwei null eins drei null null null",
        language="de",
    ) == ["[iban]", "Ja.", "[iban]"]
    assert not is_iban("DE88370400440532013000")


def test_letters_that_spell_a_name_are_no_iban() -> None:
    """Two check digits come behind the country, and most countries have digits only."""
    assert not is_iban("DEAWOJTAKDEAWOJTAKDEAW")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("My email is john underscore smith at g mail dot com.", "My email is [email]."),
        ("it's j-o-h-n at example dot com", "it's [email]"),
        ("so J as in John, K as in Kate, at example dot org", "so [email]"),
        ("write to john dot smith@example.com", "write to [email]"),
        ("go to example dot com", "go to example dot com"),
        ("I bought it at example dot com", "I bought it at example dot com"),
        ("I looked at it. It broke at this point in time.",
         "I looked at it. It broke at this point in time."),
    ],
)  # fmt: skip
def test_an_address_is_written_and_spoken(said: str, left: str, shown: Shown) -> None:
    """But a shop's is none, and neither are words that only look so."""
    assert shown(f"customer: {said}") == [left]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("call (212) 555-0123 now", "call [phone] now"),
        ("order number 2125550123", "order number 2125550123"),
        ("T K two one two five five five zero one two three",
         "T K two one two five five five zero one two three"),
        ("It's two one two five five five oh one two three", "It's [phone]"),
        ("beats 2,125,550,123 times", "beats 2,125,550,123 times"),
        ("my cell is 555-0123", "my cell is [phone]"),
    ],
)  # fmt: skip
def test_a_phone_number_is_no_reference(said: str, left: str, shown: Shown) -> None:
    """What a number is called decides."""
    assert shown(f"customer: {said}") == [left]


def test_a_number_is_known_with_and_without_its_country() -> None:
    """The digits of both."""
    assert variants("+17085550123") == ["17085550123", "7085550123"]
    assert variants("anonymous") == []


def test_a_text_without_findings_stays(shown: Shown) -> None:
    """To the character."""
    text = " Well…  I\u00a0paid $84.99,\ttwice — on the 9th & 10th; see RF-30912. \u202e"
    assert shown(f"customer: {text}") == [text]
