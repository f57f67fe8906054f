"""The vendors' words for who speaks, and what they mean."""

from __future__ import annotations

import pytest

from convarchive.transcripts.roles import label, role_of


@pytest.mark.parametrize(
    ("speaker", "role"),
    [
        ("agent", "agent"),
        ("AGENT", "agent"),
        ("assistant", "agent"),
        ("AI", "agent"),
        ("ai-1", "agent"),
        ("AIAgent", "agent"),
        ("systemAgent", "agent"),
        ("Agent (Billing)", "agent"),
        ("Customer Service Representative", "agent"),
        ("human agent", "agent"),
        ("bot", "agent"),
        ("customer", "customer"),
        ("Caller 2", "customer"),
        ("user", "customer"),
        ("user_1", "customer"),
        ("HUMAN", "customer"),
        ("agent's customer", "customer"),
        ("", "other"),
        ("Speaker 1", "other"),
        ("system", "other"),
        ("tool", "other"),
        ("Maria", "other"),
        ("paid", "other"),
        ("顾客", "other"),
    ],
)
def test_the_role_is_in_the_last_word_that_says_so(speaker: str, role: str) -> None:
    """Case, numbers and punctuation do not matter; a word that only contains another is not it."""
    assert role_of(speaker) == role


@pytest.mark.parametrize(
    ("speaker", "shown"),
    [("customer", "Customer"), ("AI", "AI"), ("", "Other"), (" \n", "Other"), ("a\nb", "A b")],
)
def test_the_label_is_the_vendors_word(speaker: str, shown: str) -> None:
    """Only the first letter is touched; where there is no word, the role stands in."""
    assert label(speaker, "other") == shown
