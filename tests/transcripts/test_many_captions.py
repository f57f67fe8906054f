"""Captions of thousands of transcripts, real and absurd, read by readers that nobody here wrote."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import srt
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.transcripts.webvtt import checker, parsed
from ttconv.srt import reader

from convarchive.model import Turn
from convarchive.transcripts import write
from convarchive.transcripts.cues import cues
from convarchive.transcripts.roles import role_of

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
COLLECTIONS = sorted(CORPUS.glob("*.jsonl.gz"))
real = pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda path: path.name)

pytestmark = pytest.mark.slow

Transcript = Sequence[Turn]


def calls(collection: Path) -> Iterator[Transcript]:
    """The transcripts of a collection, in either of its two forms."""
    with gzip.open(collection, "rt", encoding="utf-8") as lines:
        for line in lines:
            call = json.loads(line)
            yield _compact(call) if "t" in call else _plain(call)


def _plain(call: dict[str, Any]) -> Transcript:
    return [
        Turn(at, one["speaker"], role_of(one["speaker"]), one["text"], one["start"], one["end"])
        for at, one in enumerate(call["turns"])
    ]


def _compact(call: dict[str, Any]) -> Transcript:
    speakers = call["p"]
    return [
        Turn(at, speakers[who], role_of(speakers[who]), text, *map(float, start))
        for at, (who, text, *start) in enumerate(call["t"])
    ]


@pytest.fixture(scope="module")
def absurd(any_turns: st.SearchStrategy[list[Turn]]) -> Sequence[Transcript]:
    """10,000 transcripts with blank lines, arrows, markup, 100 hours, overlaps, times missing."""
    made: list[Transcript] = []

    @settings(
        max_examples=10_000,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(any_turns)
    def make(turns: list[Turn]) -> None:
        made.append(turns)

    make()
    return made


def faults_of_vtt(transcripts: Sequence[Transcript]) -> list[Any]:
    """What the W3C's parser finds, with the document; it is asked for many at a time."""
    faults: list[Any] = []
    for at in range(0, len(transcripts), 500):
        some = transcripts[at : at + 500]
        documents = [write(turns, "vtt") for turns in some]
        for turns, document, result in zip(some, documents, parsed(*documents), strict=True):
            if result["errors"] or len(result["cues"]) != len(turns):
                faults.append((result["errors"], document))
    return faults


def faults_of_srt(transcripts: Sequence[Transcript]) -> list[str]:
    """Documents in which ``srt`` or ``ttconv`` read other times than there are, or nothing."""
    return [
        document
        for turns in transcripts
        if not _read_alike(document := write(turns, "srt"), [cue[:2] for cue in cues(turns)])
    ]


def _read_alike(document: str, times: list[tuple[float, float]]) -> bool:
    subtitles = srt.parse(document, ignore_errors=False)
    by_srt = [(one.start.total_seconds(), one.end.total_seconds()) for one in subtitles]
    model = reader.to_model(io.StringIO(document))
    if model is None:
        return False
    by_ttconv = [(one.get_begin(), one.get_end()) for one in model.get_body().first_child()]
    return _in_milliseconds(by_srt) == _in_milliseconds(by_ttconv) == _in_milliseconds(times)


def _in_milliseconds(times: list[tuple[float, float]]) -> list[int]:
    return [round(time * 1000) for span in times for time in span]


@checker
@real
def test_real_calls_as_vtt(collection: Path) -> None:
    """The W3C's parser finds no error in any of them, and as many cues as turns."""
    transcripts = list(calls(collection))
    assert transcripts
    assert faults_of_vtt(transcripts) == []


@real
def test_real_calls_as_srt(collection: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Both readers read the times that were written, and ttconv has nothing to complain of."""
    transcripts = list(calls(collection))
    assert transcripts
    assert faults_of_srt(transcripts) == []
    assert caplog.messages == []


@checker
def test_absurd_calls_as_vtt(absurd: Sequence[Transcript]) -> None:
    """The W3C's parser finds no error in 10,000 of them, and as many cues as turns."""
    assert len(absurd) == 10_000
    assert faults_of_vtt(absurd) == []


def test_absurd_calls_as_srt(
    absurd: Sequence[Transcript], caplog: pytest.LogCaptureFixture
) -> None:
    """Both readers read the times that were written, and ttconv has nothing to complain of."""
    assert len(absurd) == 10_000
    assert faults_of_srt(absurd) == []
    assert caplog.messages == []


def test_the_readers_would_notice(caplog: pytest.LogCaptureFixture) -> None:
    """A cue at another time, or a tag that was never opened, so that the tests above can fail."""
    document = "1\n00:00:00,000 --> 00:00:01,000\nA: gone</b>\n\n"
    assert not _read_alike(document, [(0.0, 2.0)])
    assert "Unbalanced tag" in caplog.text
