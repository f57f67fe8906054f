"""Made-up calls: always the same, and shaped like real ones."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from statistics import mean, quantiles
from typing import Any

import pytest

from convarchive.sandbox.generator import Generator
from convarchive.sandbox.speech import word_count
from convarchive.sandbox.upstream import Upstream
from convarchive.sandbox.vocabulary import word


@pytest.fixture(scope="module")
def calls() -> list[dict[str, Any]]:
    """Eight hundred calls."""
    generator = Generator(800, seed=7)
    return [generator.payload(number) for number in range(800)]


@pytest.fixture(scope="module")
def messages(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All that was said in the completed ones."""
    completed = (call for call in calls if call["status"] == "completed")
    return [message for call in completed for message in call["transcript"]["messages"]]


def _percentile(values: list[int], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]


def test_same_seed_same_calls() -> None:
    """A call depends on count, seed and number alone, not on what was asked before."""
    one, other = Generator(100, seed=4), Generator(100, seed=4)
    forth = [one.payload(number) for number in range(100)]
    back = [other.payload(number) for number in reversed(range(100))]
    assert forth == back[::-1]


def test_another_seed_other_calls() -> None:
    """Another seed makes other calls with other ids."""
    assert Generator(10, seed=1).payload(3)["id"] != Generator(10, seed=2).payload(3)["id"]


def test_item_is_the_payload_without_transcript(calls: list[dict[str, Any]]) -> None:
    """The list and the detail agree, though the list is made without choosing words."""
    generator = Generator(800, seed=7)
    for number in range(0, 800, 7):
        item = generator.item(number)
        assert {**item, "transcript": calls[number]["transcript"]} == calls[number]


def test_ids_can_be_turned_back() -> None:
    """Every id leads to its call, all are different, and others lead nowhere."""
    generator = Generator(5000, seed=1)
    ids = [generator.id(number) for number in range(5000)]
    assert [generator.number(one) for one in ids] == list(range(5000))
    assert len(set(ids)) == 5000
    assert all(re.fullmatch("conv_[0-9a-z]{12}", one) for one in ids)
    for other in (generator.id(5000), "conv_", "conv_ABCDEFGHIJKL", ids[0] + "0", ids[0][5:]):
        assert generator.number(other) is None


def test_starts_never_go_back() -> None:
    """Starts grow with the number; now and then two calls share one."""
    generator = Generator(20_000, seed=1)
    starts = [generator.start(number) for number in range(20_000)]
    assert starts == sorted(starts)
    equal = sum(one == other for one, other in itertools.pairwise(starts))
    assert 150 < equal < 400


def test_turns(calls: list[dict[str, Any]]) -> None:
    """A call has 4, 16, 38 turns at the 5th, 50th, 95th percentile."""
    counts = [len(c["transcript"]["messages"]) for c in calls if c["status"] == "completed"]
    assert _percentile(counts, 5) == pytest.approx(4, abs=1)
    assert _percentile(counts, 50) == pytest.approx(16, abs=1.5)
    assert _percentile(counts, 95) == pytest.approx(38, abs=5)


def test_words_a_turn(messages: list[dict[str, Any]]) -> None:
    """A turn has 2, 8, 19 words at the 10th, 50th, 90th percentile."""
    counts = [word_count(message["text"]) for message in messages]
    assert _percentile(counts, 10) == pytest.approx(2, abs=0.5)
    assert _percentile(counts, 50) == pytest.approx(8, abs=1)
    assert _percentile(counts, 90) == pytest.approx(19, abs=2)


def test_agents_talk_longer(messages: list[dict[str, Any]]) -> None:
    """An agent's turn is about 30 % longer than a customer's."""
    lengths: dict[str, list[int]] = {"agent": [], "customer": []}
    for message in messages:
        lengths[message["speaker"]].append(word_count(message["text"]))
    assert mean(lengths["agent"]) / mean(lengths["customer"]) == pytest.approx(1.3, abs=0.1)


def test_pace(messages: list[dict[str, Any]]) -> None:
    """People say 2.6 to 2.9 words a second, give or take the rounding to hundredths."""
    paces = [
        word_count(message["text"]) / message["duration"]
        for message in messages
        if message["duration"] > 3
    ]
    assert min(paces) > 2.59
    assert max(paces) < 2.92


def test_overlaps(calls: list[dict[str, Any]]) -> None:
    """Now and then a turn begins before the one before has ended; none begins before it began."""
    gaps = []
    for call in calls:
        said = call["transcript"]["messages"] if call["transcript"] else []
        for one, other in itertools.pairwise(said):
            assert other["timestamp"] > one["timestamp"]
            gaps.append(other["timestamp"] - one["timestamp"] - one["duration"])
    assert 0.08 < sum(gap < 0 for gap in gaps) / len(gaps) < 0.16
    assert max(gaps) < 1.2


def test_word_counts(calls: list[dict[str, Any]]) -> None:
    """The count that a transcript states is the number of its words."""
    for call in calls:
        if transcript := call["transcript"]:
            counted = sum(word_count(message["text"]) for message in transcript["messages"])
            assert counted == transcript["word_count"]


@pytest.fixture(scope="module")
def chance_words(calls: list[dict[str, Any]]) -> list[str]:
    """What is said in English after the two opening sentences, which are always the same."""
    spoken = (
        message["text"].casefold()
        for call in calls
        if call["language"] == "en" and call["transcript"]
        for message in call["transcript"]["messages"][2:]
    )
    return [one for text in spoken for one in re.findall(r"[^\W\d]+(?:'[^\W\d]+)?", text)]


def test_vocabulary_grows(chance_words: list[str]) -> None:
    """The number of different words grows as the 0.55th power of the words said (Heaps' law)."""
    few = len(chance_words) // 25
    small, large = len(set(chance_words[:few])), len(set(chance_words))
    assert math.log(large / small) / math.log(25) == pytest.approx(0.55, abs=0.04)


def test_no_word_is_everything(chance_words: list[str]) -> None:
    """The most common word is a few percent of all, as in speech."""
    [(_, most)] = Counter(chance_words).most_common(1)
    assert 0.03 < most / len(chance_words) < 0.07


def test_every_rank_has_its_word() -> None:
    """No two ranks share a word, however rare."""
    ranks = [*range(60_000), 10**6, 10**9, 10**15]
    assert len({word(rank, "en") for rank in ranks}) == len(ranks)


def test_numbers_are_said_and_written(messages: list[dict[str, Any]]) -> None:
    """Numbers come as words, digit by digit, and as groups of digits."""
    text = " ".join(message["text"].casefold() for message in messages)
    assert re.search(r"\b\d{3} \d{3} \d{3}\b", text)
    digit = "(?:oh|one|two|three|four|five|six|seven|eight|nine)"
    assert re.search(rf"\b{digit}(?: {digit}){{5}}", text)


def test_statuses_and_languages(calls: list[dict[str, Any]]) -> None:
    """All statuses and several languages occur; most calls are completed, most are English."""
    statuses = [call["status"] for call in calls]
    languages = [call["language"] for call in calls]
    assert set(statuses) == {"completed", "failed", "abandoned", "in_progress"}
    assert set(languages) == {"en", "es", "de", "fr"}
    assert statuses.count("completed") > 650
    assert languages.count("en") > 650


def test_only_the_last_go_on(calls: list[dict[str, Any]]) -> None:
    """Calls in progress are among the newest, and have no end."""
    running = [number for number, call in enumerate(calls) if call["status"] == "in_progress"]
    assert running == list(range(795, 800))
    assert all(calls[number]["end_time"] is None for number in running)


def test_reasons(calls: list[dict[str, Any]]) -> None:
    """Failed calls say why, and so do abandoned ones; others do not."""
    for call in calls:
        assert bool(call["failure_reason"]) == (call["status"] == "failed")
        assert bool(call["abandonment_reason"]) == (call["status"] == "abandoned")


def test_callers_are_fictional(calls: list[dict[str, Any]]) -> None:
    """Phone numbers are E.164, in ranges that are set aside for fiction."""
    fiction = r"\+1[2-9]\d\d55501\d\d|\+34900555\d{3}|\+493023125\d{3}|\+3319900\d{4}"
    numbers = {call["caller_number"] for call in calls} - {None}
    assert len(numbers) > 500
    assert all(re.fullmatch(fiction, number) for number in numbers)


def test_hardly_any_calls() -> None:
    """None, one and two calls are possible."""
    assert [len(Upstream(Generator(count, seed=1)).ids()) for count in (0, 1, 2)] == [0, 1, 2]
