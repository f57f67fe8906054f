"""The list: which conversations, in which order, which page of them.

A window of time in the order of start is two look-ups in a sorted array, however many conversations
there are. Every other filter or order reads them all once and keeps what it found, so that walking
through its pages does not read them again.
"""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from convarchive.model import STATUSES
from convarchive.sandbox.faults import not_allowed
from convarchive.sandbox.parameters import Parameters
from convarchive.sandbox.upstream import Upstream

SENTIMENTS: Final = ("negative", "neutral", "positive")
_STATUSES: Final = tuple(status for status in STATUSES if status != "unknown")
_DEFAULT_PAGE: Final = 25
_LARGEST_PAGE: Final = 100
_KEPT: Final = 16
"""How many selections are remembered."""


class Selection(NamedTuple):
    """Which conversations, in which order; hashable, so that what it selects can be kept."""

    agent_id: str | None
    status: str | None
    sentiment: str | None
    outcome: str | None
    topic: str | None
    caller_number: str | None
    min_duration: float | None
    max_duration: float | None
    has_recording: bool | None
    has_transcript: bool | None
    search: str | None
    since: int | None
    until: int | None
    sort_by: str
    descending: bool


class Page(NamedTuple):
    """The answer's ``pagination``, and the items on the page."""

    pagination: dict[str, int]
    items: list[dict[str, Any]]


class Listing:
    """Answers list requests.

    Args:
        upstream: What there is to list.
        page_limit: The most items on a page; who asks for more, but for no more than Ayra allows,
            gets as many and is told so.
    """

    def __init__(self, upstream: Upstream, page_limit: int) -> None:
        self._upstream = upstream
        self._page_limit = page_limit
        self._kept: OrderedDict[tuple[int, Selection], Sequence[int]] = OrderedDict()

    def page(self, parameters: Parameters) -> Page:
        """The page that was asked for, without transcripts; raises `Fault`."""
        selection = _selection(parameters)
        number = parameters.whole("page", 1)
        asked = parameters.whole("per_page", _DEFAULT_PAGE, max(_LARGEST_PAGE, self._page_limit))
        size = min(asked, self._page_limit)
        with self._upstream.lock:
            selected = self._selected(selection)
            first = (number - 1) * size
            items = [self._upstream.item(slot) for slot in selected[first : first + size]]
        total = len(selected)
        pages = math.ceil(total / size)
        told = {"page": number, "per_page": size, "total": total, "total_pages": pages}
        return Page(told, items)

    def _selected(self, selection: Selection) -> Sequence[int]:
        """The slots of what is selected, in order."""
        slots = self._upstream.between(selection.since, selection.until)
        if selection.descending:
            slots.reverse()
        tests = list(_tests(selection))
        if not tests and selection.sort_by == "start_time":
            return slots
        key = (self._upstream.version, selection)
        if key not in self._kept:
            self._kept[key] = self._scanned(slots, tests, selection)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _scanned(
        self, slots: Sequence[int], tests: list[_Test], selection: Selection
    ) -> Sequence[int]:
        upstream = self._upstream
        # Only what was said, or whether anything was, needs the transcript, which costs more.
        whole = selection.search is not None or selection.has_transcript is not None
        look = upstream.payload if whole else upstream.item
        by = _ORDERS.get(selection.sort_by)
        found: list[tuple[float, int]] = []
        for slot in slots:
            item = look(slot)
            if all(test(item) for test in tests):
                found.append((by(item) if by else 0.0, slot))
        if by:
            found.sort(key=lambda pair: pair[0], reverse=selection.descending)
        return array("q", (slot for _, slot in found))


_Test = Callable[[dict[str, Any]], bool]


def _selection(parameters: Parameters) -> Selection:
    shortest, longest = parameters.seconds("min_duration"), parameters.seconds("max_duration")
    if shortest is not None and longest is not None and shortest > longest:
        raise not_allowed("min_duration", str(shortest), "no more than max_duration")
    return Selection(
        agent_id=parameters.text("agent_id"),
        status=parameters.choice("status", _STATUSES),
        sentiment=parameters.choice("sentiment", SENTIMENTS),
        outcome=parameters.text("outcome"),
        topic=parameters.text("topic"),
        caller_number=parameters.phone("caller"),
        min_duration=shortest,
        max_duration=longest,
        has_recording=parameters.truth("has_recording"),
        has_transcript=parameters.truth("has_transcript"),
        search=parameters.text("search"),
        since=parameters.moment("start_date"),
        until=parameters.moment("end_date", last=True),
        sort_by=parameters.choice("sort_by", ("start_time", *_ORDERS)) or "start_time",
        descending=parameters.choice("sort_order", ("asc", "desc")) != "asc",
    )


def _tests(selection: Selection) -> Iterator[_Test]:
    """One test for each filter that was given."""
    for field in ("agent_id", "status", "sentiment", "outcome", "caller_number"):
        if (wanted := getattr(selection, field)) is not None:
            yield _equals(field, wanted)
    if (topic := selection.topic) is not None:
        yield lambda item: topic in (item.get("topics") or ())
    if (shortest := selection.min_duration) is not None:
        yield lambda item: _duration(item) >= shortest
    if (longest := selection.max_duration) is not None:
        yield lambda item: 0 <= _duration(item) <= longest
    if (recorded := selection.has_recording) is not None:
        yield lambda item: bool(item.get("recording") or item.get("recording_url")) is recorded
    if (transcribed := selection.has_transcript) is not None:
        yield lambda item: (item.get("transcript") is not None) is transcribed
    if (search := selection.search) is not None:
        words = search.casefold().split()
        yield lambda item: _says(item, words)


def _equals(field: str, wanted: str) -> _Test:
    return lambda item: item.get(field) == wanted


def _duration(item: dict[str, Any]) -> float:
    """Seconds, -1 where there is none."""
    duration = item.get("duration")
    return -1.0 if duration is None else float(duration)


def _mood(item: dict[str, Any]) -> float:
    """From negative to positive; those without one come before."""
    sentiment = item.get("sentiment")
    return float(SENTIMENTS.index(sentiment)) if sentiment in SENTIMENTS else -1.0


_ORDERS: Final[dict[str, Callable[[dict[str, Any]], float]]] = {
    "duration": _duration,
    "sentiment": _mood,
}


def _says(payload: dict[str, Any], words: list[str]) -> bool:
    """Whether every word stands somewhere in the summary or the transcript, in any case."""
    transcript = payload.get("transcript") or {}
    texts = [message["text"] for message in transcript.get("messages", ())]
    said = "\n".join([payload.get("summary") or "", *texts]).casefold()
    return all(word in said for word in words)
