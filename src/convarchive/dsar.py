"""Everything about one person, to be handed over to them: GDPR articles 15 and 20.

A directory, or a ``.zip``::

    README.html              for people: what this is, what is kept, since when, until when
    person.json              the same for programs, ``convarchive.person/1``
    html/                    every conversation as a page to read and to hear, with an index
    conversations.jsonl      every conversation in every state, for programs
    raw/                     what the vendor sent, byte for byte, in every state
    recordings/              sound that a conversation had earlier, if any

A person is who calls from a number. Conversations that merely mention it are counted, and not in
it: they are other people's, and somebody has to look at them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from convarchive.archive import Archive
from convarchive.compliance import erasure, protection, rules
from convarchive.errors import PathExists, UsageError
from convarchive.export import FORMATS
from convarchive.export.hashing import Below
from convarchive.export.landing import failures_told, new_directory, new_file
from convarchive.export.listing import copy_sound
from convarchive.export.markup import Markup, joined, tag
from convarchive.export.names import safe
from convarchive.export.page import document, length, when
from convarchive.export.selection import (
    FileFormat,
    Lost,
    Problem,
    Selection,
    Tree,
    TreeFormat,
    Wishes,
)
from convarchive.export.tally import Tally
from convarchive.export.trees import Folder, Zip
from convarchive.settings import sources
from convarchive.store import clock
from convarchive.store.removal import Named

SCHEMA = "convarchive.person/1"

_WISHES = {
    "html": Wishes(recordings=True),
    "jsonl": Wishes(revisions=True),
    "raw": Wishes(revisions=True),
}
_CONTENTS = (
    ("html/index.html", "every conversation, to read and to hear"),
    ("conversations.jsonl", "every conversation in every state, for programs"),
    ("raw/", "what the vendor sent, byte for byte"),
    ("recordings/", "sound that a conversation had earlier"),
    ("person.json", "this page, for programs"),
)


class Person(NamedTuple):
    """What was handed over."""

    conversations: int
    path: Path
    mentioning: list[Named]
    """What mentions the numbers and is not in it, for somebody to look at."""
    lost: tuple[Lost, ...]
    """Recordings that should be in it, and can't be had."""
    logged: bool
    """Whether the ledger knows of it; an archive that can't be written to has no word of it."""


def write(
    archive: Archive,
    callers: Sequence[str],
    path: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Person:
    """Write everything about who calls from these numbers.

    Args:
        archive: Where it is.
        callers: Numbers in any writing, with the country's code, all of one person.
        path: A directory, or a ZIP archive where the name ends in ``.zip``; nothing is there yet.
        progress: Told after each conversation how many are done, and of how many.

    Raises:
        UsageError: No number is given, or nothing can be written there.
        NotFound: Nobody has called from one of the numbers.
        PathExists: Something is there.
        DiskFull: No room is left.
    """
    if not callers:
        raise UsageError("Nobody is named.", "", "Give the number: --caller +1…")
    if path.exists():
        raise PathExists(f"{path} exists already.", "", "Name another path.")
    protection.catch_up(archive)
    tell = progress or (lambda _done, _of: None)
    with archive.snapshot(), failures_told(str(path)):
        theirs: set[int] = set()
        for caller in callers:
            theirs |= erasure.of_caller(archive._connection(), caller)
        keys = [key for key in archive.keys("") if key in theirs]
        mentioning = erasure.mentioning(archive, callers, keys)
        told = person(archive, callers, keys, len(mentioning))
        chosen = _selection(archive, callers, keys)
        tally = Tally(chosen, lambda done: tell(done, len(keys)), len(_WISHES))
        logged = archive.note_access("dsar", chosen.query, conversations=len(keys))
        with _landing(path) as tree:
            _fill(archive, tally.watched(), told, keys, tree)
    return Person(len(keys), path, mentioning, tuple(tally.lost), logged)


@contextmanager
def _landing(path: Path) -> Iterator[Tree]:
    """Where the files go: under the path when all of them are there, and nowhere before."""
    if path.suffix.lower() == ".zip":
        with new_file(path, force=False) as file, Zip(file, f"{safe(path.stem)}/") as packed:
            yield packed
    else:
        with new_directory(path, force=False) as root:
            yield Folder(root)


def person(
    archive: Archive, callers: Sequence[str], keys: Sequence[int], mentioning: int
) -> dict[str, Any]:
    """What is kept about a person, as the document ``convarchive.person/1``."""
    known = sources(archive.directory)
    rows = list(_kept(archive, keys))
    return {
        "schema": SCHEMA,
        "archive": archive.directory.absolute().name,
        "made_at": clock.now(),
        "callers": list(callers),
        "count": len(rows),
        "sources": [
            {"name": name, "kind": known[name].kind if name in known else None}
            for name in sorted({row["source"] for row in rows})
        ],
        "mentioned_in": mentioning,
        "conversations": rows,
    }


def _kept(archive: Archive, keys: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Of each conversation: since when, from where, and until when it is kept."""
    connection = archive._connection()
    held = protection.held(archive, keys)
    dates = protection.read_dates(connection, keys)
    classes = list(rules.read(archive.directory).values())
    matches = protection.matching(archive, classes)
    for key, conversation in archive.conversations(keys):
        mine = [each for each in classes if key in matches[each.name]]
        yield {
            "source": conversation.source,
            "id": conversation.id,
            "started_at": conversation.started_at,
            "duration": conversation.duration,
            "turns": len(conversation.turns),
            "recording": bool(conversation.recording and conversation.recording.sha256),
            "revisions": conversation.revision,
            "kept_since": dates[key].first_seen_at,
            "deleted_at_source": conversation.deleted_at_source,
            "retention": [_until(each, dates[key]) for each in mine],
            "legal_hold": key in held,
        }


def _until(each: rules.RetentionClass, dates: rules.Dates) -> dict[str, Any]:
    """When a class lets a conversation go, and when it makes it go; None where nobody knows."""
    base = dates.base(each.base)

    def end(span: rules.Span | None) -> str | None:
        return span.after(base).date().isoformat() if span and base else None

    return {"class": each.name, "kept_until": end(each.keep), "deleted_on": end(each.delete_after)}


def _selection(archive: Archive, callers: Sequence[str], keys: Sequence[int]) -> Selection:
    return Selection(
        query=" OR ".join(f'caller:"{caller}"' for caller in callers),
        archive=archive.directory.absolute().name,
        count=len(keys),
        conversations=lambda: archive.conversations(keys),
        documents=archive.documents,
        earlier=archive.earlier,
        recording=archive.recording,
        problems=lambda: (Problem(p.source, p.id, p.message) for p in archive.problems()),
    )


def _fill(
    archive: Archive,
    selection: Selection,
    told: dict[str, Any],
    keys: Sequence[int],
    tree: Tree,
) -> None:
    for name, wishes in _WISHES.items():
        made, chosen = FORMATS[name], replace(selection, wishes=wishes)
        if isinstance(made, TreeFormat):
            made.write(chosen, Below(tree, name))
        elif isinstance(made, FileFormat):
            with tree.open(f"conversations.{name}") as out:
                made.write(chosen, out)
    earlier = _earlier_sounds(archive, keys)
    for sha256 in earlier:
        copy_sound(selection, Below(tree, "recordings"), sha256, sha256)
    text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    tree.add("person.json", text.encode("utf-8", "replace"))
    tree.add("README.html", _page(told, with_sounds=bool(earlier)))


def _earlier_sounds(archive: Archive, keys: Sequence[int]) -> list[str]:
    """The recordings that these conversations had before those that they have."""
    with closing(
        archive._connection().execute(
            "SELECT DISTINCT sha256 FROM conversation_recordings AS l"
            " JOIN conversations AS c ON c.key = l.conversation"
            " WHERE l.sha256 IS NOT c.recording_sha256"
            " AND key IN (SELECT value FROM json_each(?)) ORDER BY sha256",
            (json.dumps(list(keys)),),
        )
    ) as found:
        return [sha256 for (sha256,) in found.fetchall()]


def _page(told: dict[str, Any], *, with_sounds: bool) -> bytes:
    """``README.html``."""
    contents = [each for each in _CONTENTS if with_sounds or each[0] != "recordings/"]
    many = f"{told['count']:,} conversation{'' if told['count'] == 1 else 's'}"
    rows = [tag("tr", *(tag("td", cell) for cell in _cells(row))) for row in told["conversations"]]
    heads = ("Started", "Conversation", "Length", "From", "Kept since", "Kept until")
    head = tag("tr", *(tag("th", each, scope="col") for each in heads))
    body = joined(
        tag("h1", f"What is kept about {', '.join(told['callers'])}"),
        tag("p", f"{many} in the archive {told['archive']}, as of ", when(told["made_at"])),
        tag("h2", "What is here"),
        tag("dl", *_contents(contents)),
        tag("h2", "What is kept, and until when"),
        tag("div", tag("table", tag("thead", head), tag("tbody", *rows)), class_="list"),
        tag("h2", "What is not here"),
        tag("p", _mentioned(told["mentioned_in"])),
        tag("p", "Backups may hold the same as the archive did when they were made."),
    )
    return document("What is kept about a person", tag("main", body), class_="wide")


def _contents(contents: Sequence[tuple[str, str]]) -> Iterator[Markup]:
    for name, what in contents:
        link = tag("a", name, href=name) if name.endswith(".html") else tag("code", name)
        yield joined(tag("dt", link), tag("dd", what))


def _cells(row: dict[str, Any]) -> tuple[Markup | str, ...]:
    until = [
        f"{what} {each[field]} ({each['class']})"
        for each in row["retention"]
        for field, what in (("kept_until", "at least"), ("deleted_on", "deleted after"))
        if each[field]
    ]
    until += ["held for legal reasons"] * row["legal_hold"]
    return (
        when(row["started_at"]),
        tag("bdi", row["id"]),
        length(row["duration"]),
        tag("bdi", row["source"]),
        when(row["kept_since"]),
        "; ".join(until) or "no date is set",
    )


def _mentioned(many: int) -> str:
    if not many:
        return "No other conversation was found that mentions the number."
    return (
        f"{many:,} other conversation{' mentions' if many == 1 else 's mention'} the number. They"
        " are other people's, and are looked at one by one."
    )
