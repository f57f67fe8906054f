"""The documentation says what the program does: commands, codes, fields, examples, links."""

from __future__ import annotations

import inspect
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from convarchive import Archive, errors
from convarchive.cli import cli
from convarchive.cli.hits import hit_row
from convarchive.errors import QueryError
from convarchive.export import FORMATS, csv, dat, exceptions
from convarchive.model import record
from convarchive.query import FIELDS
from convarchive.store import facets
from convarchive.store.database import FILE
from convarchive.store.owed import Problem
from convarchive.sync.report import SourceReport, SyncReport

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), ROOT / "README.md"]

_CODE = re.compile(r"`([^`]+)`")
_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def page(name: str) -> str:
    """One page of the documentation."""
    return (DOCS / name).read_text(encoding="utf-8")


def in_code(text: str) -> set[str]:
    """Whatever stands in backquotes on a page, outside of fenced blocks."""
    return set(_CODE.findall(_FENCED.sub("", text)))


def commands(
    command: click.Command = cli, name: str = "convarchive", parent: click.Context | None = None
) -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name."""
    # With its settings: click remembers what the help is asked for by when it is first asked.
    context = click.Context(command, parent, name, **command.context_settings)
    yield context.command_path, command
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(found, child, context)


COMMANDS = dict(commands())


def rows(text: str, first: str) -> Iterator[list[str]]:
    """The rows of all tables whose first column has this head."""
    wanted = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("|"):
            wanted = False
        elif cells[0] == first:
            wanted = True
        elif wanted and not line.startswith("|-"):
            yield cells


EXAMPLES = [
    (_CODE.findall(cells[0])[0], int(cells[-1]))
    for cells in rows(page("query-language.md"), "Write")
    if len(cells) == 3
]
REFUSED = [
    (_CODE.findall(cells[0])[0], cells[1]) for cells in rows(page("query-language.md"), "Refused")
]


def typed() -> Iterator[tuple[str, list[str]]]:
    """Every command line in the documentation with its page, as words, up to a pipe or the like."""
    for path in PAGES:
        for _, language, block in _FENCED.findall(path.read_text(encoding="utf-8")):
            if language != "sh":
                continue
            for line in block.splitlines():
                lexer = shlex.shlex(line.strip(), posix=True, punctuation_chars="|&;()<>")
                lexer.whitespace_split = True
                lexer.commenters = ""
                words = list(lexer)
                ends = [at for at, word in enumerate(words) if set(word) <= set("|&;()<>#")]
                if words[:1] == ["convarchive"]:
                    yield path.name, words[1 : (ends or [len(words)])[0]]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_reference(name: str) -> None:
    """The reference has a section for each command, and each command has help."""
    assert name in _HEADING.findall(page("cli.md"))
    assert COMMANDS[name].help


@pytest.mark.parametrize("name", ["cli.md", "query-language.md"])
def test_what_is_generated_is_what_the_program_says(name: str) -> None:
    """Running cog over the page would change nothing."""
    pytest.importorskip("cogapp")
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", f"docs/{name}"],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_exit_code_is_explained() -> None:
    """The table of exit codes has those of all errors, and success, and nothing else."""
    classes = inspect.getmembers(errors, inspect.isclass)
    codes = {each.exit_code for _, each in classes if issubclass(each, errors.ConvarchiveError)}
    explained = {int(cells[0].strip("`")) for cells in rows(page("operations.md"), "Code")}
    assert explained == codes | {0}


def test_every_schema_is_described() -> None:
    """Each JSON schema that the code names has a section."""
    source = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("src/**/*.py"))
    schemas = set(re.findall(r"\bconvarchive\.[a-z]+/\d+", source))
    assert len(schemas) >= 8
    assert schemas <= set(_HEADING.findall(page("json.md")))


def test_every_field_of_json_is_described(synced: Archive) -> None:
    """Each field that a document has is named on the page about JSON."""
    hit = hit_row(synced.search("charged", limit=1).hits[0])
    conversation = record(synced.show(hit["id"]))
    status = synced.status().to_json()
    report = SyncReport([SourceReport("ayra")]).to_json()
    fields = {
        *hit, *hit["turns"][0], *conversation, *conversation["turns"][0], *status,
        *status["sources"][0], *report, *report["sources"][0], *Problem._fields, *facets.FACETS,
    }  # fmt: skip
    assert fields <= in_code(page("json.md"))


def test_every_table_and_column_is_described(synced: Archive) -> None:
    """Each table, view and column of the database is named on the page about operations."""
    described = in_code(page("operations.md"))
    connection = sqlite3.connect(f"{(synced.directory / FILE).as_uri()}?mode=ro", uri=True)
    names = connection.execute(
        "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c"
        " WHERE m.type IN ('table', 'view') AND m.name != '_sqlite_migrations'"
    ).fetchall()
    connection.close()
    assert len(names) > 90
    assert {column for _, column in names} <= described
    assert all(f"**{table}**" in page("operations.md") for table, _ in names)


def test_every_format_is_described() -> None:
    """The table of export formats has all of them, and the page all columns of CSV."""
    described = [cells[0].strip("`") for cells in rows(page("exports.md"), "Format")]
    assert described == list(FORMATS)
    columns = {*csv.COLUMNS, *csv.TURN_COLUMNS, *dat.FIELDS, *exceptions.KINDS}
    assert columns <= in_code(page("exports.md"))


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_queries_is_described(field: str) -> None:
    """Each field of the query language is on its page, with its colon."""
    assert f"`{field}:" in page("query-language.md")


@pytest.mark.parametrize(("query", "count"), EXAMPLES)
def test_examples_are_true(synced: Archive, query: str, count: int) -> None:
    """An example is understood, and finds as many of the demo's conversations as it says."""
    with Archive.open(synced.directory) as archive:
        assert archive.count(query) == count


@pytest.mark.parametrize(("query", "said"), REFUSED)
def test_refusals_are_true(synced: Archive, query: str, said: str) -> None:
    """An example of what is refused is, with these words."""
    with pytest.raises(QueryError) as caught:
        synced.parse(query)
    assert str(caught.value).startswith(said)


def test_there_are_examples() -> None:
    """The two tests above have something to test."""
    assert len(EXAMPLES) > 80
    assert len(REFUSED) > 10


@pytest.mark.parametrize(("where", "words"), list(typed()))
def test_what_is_to_be_typed_can_be(where: str, words: list[str]) -> None:
    """Every command line in the documentation has a command that exists and options it takes."""
    while words and words[0].startswith("-"):
        del words[: 2 if words[0] in ("-a", "--archive") else 1]
    name = " ".join(["convarchive", *words[:2]])
    name = name if name in COMMANDS else f"convarchive {words[0]}"
    COMMANDS[name].make_context(name, words[len(name.split()) - 1 :], **cli.context_settings)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link within the project leads to a file, and to a heading that is in it."""
    for target in _LINK.findall(_FENCED.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found.read_text(encoding="utf-8")), target


def anchors(text: str) -> set[str]:
    """The headings of a page as GitHub names them."""
    headings = _HEADING.findall(_FENCED.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
