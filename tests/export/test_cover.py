"""The cover page of an evidence package: what it says, and what it cannot be made to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convarchive.export import Problem, Selection, Wishes, export
from convarchive.model import Conversation, Recording

Select = Callable[..., Selection]

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202e$title ${x}"


class Page(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.words += data


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same moment for everybody."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")


def cover(selection: Selection, tmp_path: Path) -> Page:
    """The page of a bag of this."""
    export(selection, "bagit", tmp_path / "bag", force=True)
    return Page((tmp_path / "bag" / "cover.html").read_text(encoding="utf-8"))


def test_it_says_what_was_asked_and_what_it_meant(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Both, since they can differ: in a zone, in precedence, in a saved search."""
    some = replace(select(call, query="a OR b c"), understood="a OR (b c)")
    page = cover(replace(some, wishes=Wishes(exported_by="Jane Doe")), tmp_path)
    for words in ("a OR b c", "a OR (b c)", "Jane Doe", "2026-01-01 00:00:00 UTC", "my-archive"):
        assert words in page.words
    assert "1 phone conversation" in page.words


@pytest.mark.parametrize(
    ("query", "understood", "words"),
    [
        ("", "*", "(all conversations)"),
        ("", "", "(conversations named by id)"),
        ("refund", "refund", "refund"),
    ],
)
def test_it_says_so_where_there_was_no_query(
    query: str, understood: str, words: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """All of them, or a list of ids, which is something else."""
    page = cover(replace(select(call, query=query), understood=understood), tmp_path)
    assert words in page.words
    assert "This was understood" not in page.words


def test_it_counts(select: Select, call: Conversation, tmp_path: Path) -> None:
    """By status and by month, the first and the last, and how long they were."""
    calls = [
        call._replace(id="0", started_at=None, status="failed"),
        call._replace(id="1", started_at="2025-12-31T23:59:59.5Z"),
        call._replace(id="2", started_at="2026-02-01T00:00:00Z", status="in_progress"),
    ]
    page = cover(select(*calls), tmp_path)
    for words in (
        "unknown", "2025-12", "2026-02", "completed", "failed", "in progress",
        "2025-12-31 23:59:59 UTC", "2026-02-01 00:00:00 UTC", "0 h 12 min 22 s",
    ):  # fmt: skip
        assert words in page.words


def test_it_shows_a_hundred_exceptions_and_counts_all(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """The rest is in the file, to which it links."""
    bare = call._replace(turns=(), has_transcript=False, status="failed")
    page = cover(select(*(bare._replace(id=f"call-{n}.") for n in range(1234))), tmp_path)
    assert "1,234 exceptions" in page.words
    assert "call-99." in page.words
    assert "call-100." not in page.words
    assert "These are the first 100." in page.words


def test_it_says_that_nothing_is_missing(
    select: Select, call: Conversation, tmp_path: Path
) -> None:
    """In words, since an empty space says nothing."""
    assert "Nothing: every conversation is here" in cover(select(call), tmp_path).words


def test_it_says_what_no_query_can_find(select: Select, call: Conversation, tmp_path: Path) -> None:
    """What the vendor has listed and the archive does not have."""
    page = cover(replace(select(call), absent=lambda: 3), tmp_path)
    assert "has listed 3 conversations that the archive does not have" in page.words


def test_every_link_leads_into_the_bag(select: Select, call: Conversation, tmp_path: Path) -> None:
    """To each file and directory of the data, and nowhere else."""
    some = replace(select(call), wishes=Wishes(formats=("csv", "vtt", "dat", "raw")))
    page = cover(some, tmp_path)
    data = tmp_path / "bag" / "data"
    assert page.links == {
        f"data/{path.name}{'/' if path.is_dir() else ''}" for path in data.iterdir()
    }


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.one_of(st.just(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]))))
def test_text_is_never_markup(
    text: str, select: Select, call: Conversation, tmp_path: Path
) -> None:
    """Whatever anybody has written anywhere, the page has the same elements, and no script."""

    def page(text: str) -> Page:
        hostile = call._replace(
            source=text, id=text, status=text, started_at=text,
            recording=Recording(text, "ab" * 32),
        )  # fmt: skip
        some = replace(
            select(hostile, query=text or "x"),
            archive=text,
            understood=f"{text} understood",
            problems=lambda: [Problem(text, text, text)],
            wishes=Wishes(recordings=True, exported_by=text),
        )
        return cover(some, tmp_path)

    plain, made = page("plain"), page(text)
    assert made.tags == plain.tags
    assert made.attributes == plain.attributes
    assert made.links == plain.links
    assert not {"script", "img", "iframe", "object"} & set(made.tags)
    assert not any(name.startswith("on") for name in made.attributes)


def test_it_loads_nothing(select: Select, call: Conversation, tmp_path: Path) -> None:
    """It forbids itself to, and has nothing that would."""
    page = cover(select(call), tmp_path)
    html = (tmp_path / "bag" / "cover.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert not {"src", "srcset", "poster", "action"} & page.attributes
    assert "url(" not in html
