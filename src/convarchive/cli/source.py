"""``convarchive source``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from convarchive.cli import output
from convarchive.cli.app import App, Group
from convarchive.errors import NotFound
from convarchive.settings import SourceSettings
from convarchive.store.mirror import IMPORTED

Command = TypeVar("Command", bound=Callable[..., Any])

COLUMNS = (
    output.Column("source", "source"),
    output.Column("kind", "kind"),
    output.Column("base_url", "base URL", least=20),
    output.Column("key", "key from", least=12),
)


def source_options(command: Command) -> Command:
    """The options that describe a source."""
    for option in (
        click.option("--api-key-command", metavar="COMMAND", help="A command that prints the key."),
        click.option(
            "--api-key-env",
            metavar="VAR",
            multiple=True,
            help="The variable that holds the key; several times for several keys.",
        ),
        click.option("--base-url", metavar="URL", help="Of the API, where it isn't the usual one."),
        click.option("--name", help="Of the source; the kind, if it isn't given."),
    ):
        command = option(command)
    return command


def source_settings(
    kind: str,
    name: str | None,
    base_url: str | None,
    api_key_env: tuple[str, ...],
    api_key_command: str | None,
) -> SourceSettings:
    """A source as the options describe it, with what is usual for its kind.

    Raises:
        SettingsError: There is no such kind.
    """
    from convarchive import sources

    usual = sources.kind(kind)
    variables = api_key_env or (() if api_key_command else (usual.key_variable,))
    return SourceSettings(
        name or kind,
        kind,
        (base_url or usual.base_url).rstrip("/"),
        variables[0] if len(variables) == 1 else variables or None,
        api_key_command,
    )


@click.group("source", cls=Group)
def command() -> None:
    """The accounts that this archive mirrors.

    \b
    convarchive source add ayra
    convarchive source list
    convarchive source test ayra
    """


@command.command("add")
@click.argument("kind")
@source_options
@click.pass_obj
def add(
    app: App,
    kind: str,
    name: str | None,
    base_url: str | None,
    api_key_env: tuple[str, ...],
    api_key_command: str | None,
) -> None:
    """Add an account of a vendor. KIND: ayra.

    \b
    convarchive source add ayra
    convarchive source add ayra --name europe --api-key-env AYRA_EU_KEY
    """
    from convarchive import settings

    source = source_settings(kind, name, base_url, api_key_env, api_key_command)
    with app.open() as archive:
        settings.add_source(archive.directory, source)
    app.say(f"Added {source.name}. Try it: convarchive source test {source.name}")


@command.command("list")
@output.row_options(limit=0)
@click.pass_obj
def list_(app: App, form: str | None, limit: int) -> None:
    """List the sources.

    \b
    convarchive source list
    """
    from convarchive import settings

    with app.open() as archive:
        known = settings.sources(archive.directory)
        stored = archive.status().sources
    rows = [_row(source) for source in known.values()]
    rows += [
        _imported(source.source)
        for source in stored
        if source.kind == IMPORTED and source.source not in known
    ]
    rows = rows[: limit or None]
    output.write_rows(
        form or "table",
        rows,
        document=lambda listed: {"schema": "convarchive.sources/1", "sources": listed},
        columns=COLUMNS,
    )
    if not rows:
        app.say("This archive has no source. Add one: convarchive source add ayra")


def _row(source: SourceSettings) -> dict[str, Any]:
    return {
        "id": source.name,
        "source": source.name,
        "kind": source.kind,
        "base_url": source.base_url,
        "api_key_env": source.api_key_env,
        "api_key_command": source.api_key_command,
        "key": ", ".join(source.variables) or "a command",
    }


def _imported(name: str) -> dict[str, Any]:
    """A source that no vendor stands behind."""
    empty = dict.fromkeys(("api_key_env", "api_key_command"))
    return {"id": name, "source": name, "kind": IMPORTED, "base_url": "", **empty, "key": "none"}


@command.command("test")
@click.argument("name")
@click.pass_obj
def test(app: App, name: str) -> None:
    """Ask the vendor for one page of its list, and store nothing.

    \b
    convarchive source test ayra
    """
    from convarchive import settings
    from convarchive.sync.run import test as try_out

    with app.open() as archive:
        known = settings.sources(archive.directory)
    if name not in known:
        raise NotFound(f"There is no source named {name}.", "", "See: convarchive source list")
    click.echo(try_out(known[name]))


@command.command("remove")
@click.argument("name")
@click.pass_obj
def remove(app: App, name: str) -> None:
    """Stop mirroring an account. What was mirrored from it stays.

    \b
    convarchive source remove ayra
    """
    from convarchive import settings

    with app.open() as archive:
        settings.remove_source(archive.directory, name)
    app.say(f"Removed {name}. Its conversations stay in the archive.")
