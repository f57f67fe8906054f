"""The cover page of an evidence package: for a person who has never seen one.

One HTML page that needs nothing but a browser, on paper as well. It says what this is, what was
asked for and what that meant, what came of it, what is missing, and how to check all of it step by
step. Queries, ids and names are text from strangers: everything is escaped, nothing on the page can
run, and the page forbids itself to load anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from string import Template
from typing import Any, Final

from convarchive.export.exceptions import KINDS, Missing
from convarchive.export.instants import instant
from convarchive.export.survey import EXCEPTIONS, RECORDINGS, Survey
from convarchive.transcripts.plain import plain

NAME: Final = "cover.html"
PROOFS: Final = "proofs"

_WHAT: Final = {
    "jsonl": "all that is known of each conversation, for programs: one JSON object a line",
    "json": "all that is known of each conversation, for programs: one JSON document",
    "csv": "a table for spreadsheets, a row a conversation",
    "text": "transcripts to read, a file a conversation",
    "raw": "what the vendor sent, byte for byte",
}
"""For people who do not know our command line; other formats speak for themselves."""


def page(about: Mapping[str, Any], found: Survey, what: Mapping[str, str]) -> str:
    """The page, in HTML.

    Args:
        about: What the package is, as in its ``manifest.json``.
        found: What is in it, and what is not.
        what: Each format that is in it, in a few words.
    """
    from importlib.resources import files

    template = Template(files(__package__).joinpath(NAME).read_text(encoding="utf-8"))
    return template.substitute(
        title=_shown(f"{_counted(about['count'], 'phone conversation')}"),
        exported_by=_shown(about["exported_by"]),
        exported_at=_moment(about["exported_at"]),
        asked=_shown(asked(about)),
        understood=_understood(about),
        facts="\n".join(_row(*fact) for fact in _facts(about, found)),
        statuses=_bars(found.statuses.most_common()),
        months=_bars(sorted(found.months.items())),
        contents="\n".join(_contents(about, what)),
        missing="\n".join(_missing(found)),
        program=_shown(about["program"]),
    )


def asked(about: Mapping[str, Any]) -> str:
    """The query, or in words what stands in its place."""
    if about["query"]:
        return str(about["query"])
    return "(all conversations)" if about["understood"] == "*" else "(conversations named by id)"


def _understood(about: Mapping[str, Any]) -> str:
    if about["understood"] in ("", "*", about["query"]):
        return ""
    return (
        '<p class="soft">This was understood as follows: dates as instants in UTC, saved searches'
        f" written out.</p>\n<pre>{_shown(about['understood'])}</pre>"
    )


def _facts(about: Mapping[str, Any], found: Survey) -> Iterator[tuple[str, str]]:
    yield "Archive", _shown(about["archive"])
    yield "Conversations", f"{about['count']:,}"
    yield "First call", _moment(found.first)
    yield "Last call", _moment(found.last)
    yield "Turns", f"{found.turns:,}"
    yield "Time on the phone", _duration(found.seconds)
    yield "Recordings", (
        f"{_counted(found.recordings, 'file')}, {_size(found.recording_bytes)}"
        if about["with_recordings"] else "not asked for"
    )  # fmt: skip
    yield "Missing", _counted(found.missing.total(), "exception") if found.missing else "nothing"
    yield "Handed over by", _shown(about["exported_by"])
    yield "Handed over on", _moment(about["exported_at"])
    yield "Size", (f"{_size(about['payload_bytes'])} in {_counted(about['payload_files'], 'file')}")


def _contents(about: Mapping[str, Any], what: Mapping[str, str]) -> Iterator[str]:
    told = {**what, **_WHAT}
    places = [(place, told[name]) for name, place in about["contents"].items()]
    if about["recordings"]:
        places.append((f"{RECORDINGS}/", "the sound, each file named by the SHA-256 of its bytes"))
    if "proofs" in about:
        places.append((f"{PROOFS}/", "what shows that it is what was stored; a program checks it"))
    places.append((EXCEPTIONS, "what is missing, as a list for programs"))
    for place, words in places:
        link = f'<a href="data/{escape(place)}"><code>data/{escape(place)}</code></a>'
        yield f"<tr><td>{link}</td><td>{escape(words)}</td></tr>"


def _missing(found: Survey) -> Iterator[str]:
    if found.absent:
        yield (
            f'<p class="warn">The vendor has listed {_counted(found.absent, "conversation")} that'
            " the archive does not have. No query can find them, so it is not known whether they"
            " belong here.</p>"
        )
    if not found.missing:
        yield "<p>Nothing: every conversation is here with all that was asked for.</p>"
        return
    yield '<table class="kinds"><tbody>'
    for kind, count in found.missing.most_common():
        yield f'<tr><td class="number">{count:,}</td><td>{escape(KINDS[kind])}</td></tr>'
    yield '</tbody></table>\n<table class="missing">'
    yield "<thead><tr><th>Conversation</th><th>What is missing</th></tr></thead><tbody>"
    yield from map(_example, found.examples)
    yield "</tbody></table>"
    if found.missing.total() > len(found.examples):
        yield f"<p>These are the first {len(found.examples):,}. All of them are in the file"
        yield f'<a href="data/{EXCEPTIONS}"><code>data/{EXCEPTIONS}</code></a>.</p>'


def _example(exception: Missing) -> str:
    name = f"<code>{_shown(exception.id)}</code> <span class=soft>{_shown(exception.source)}</span>"
    return f"<tr><td><bdi>{name}</bdi></td><td><bdi>{_shown(exception.why)}</bdi></td></tr>"


def _bars(counts: Iterable[tuple[str, int]]) -> str:
    rows = list(counts)
    most = max((count for _, count in rows), default=1)
    return "".join(
        f'<tr><td>{_shown(name.replace("_", " "))}</td><td class="number">{count:,}</td>'
        f'<td><span class="bar" style="width:{100 * count / most:.1f}%"></span></td></tr>'
        for name, count in rows
    )


def _row(title: str, value: str) -> str:
    return f"<tr><th scope=row>{title}</th><td><bdi>{value}</bdi></td></tr>"


def _shown(text: object) -> str:
    """What anybody may have written, as text of the page; it cannot turn the line around."""
    return escape(plain(str(text), show_bidi=True))


def _moment(text: str | None) -> str:
    moment = instant(text)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "not known"


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours:,} h {minutes:02} min {left:02} s"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
