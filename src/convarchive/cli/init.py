"""``convarchive init``."""

from __future__ import annotations

import shlex

import click

from convarchive.cli.app import App, failed
from convarchive.cli.source import source_options, source_settings
from convarchive.errors import ConvarchiveError


@click.command("init")
@click.argument("directory", metavar="[DIR]", required=False)
@click.option("--source", "kind", metavar="KIND", help="Add a source of this kind: ayra.")
@source_options
@click.option("--signing-key", metavar="FILE", type=click.Path(dir_okay=False),
              help="Sign the archive with the Ed25519 key in FILE; it is made there if it is not"
              " there yet. Else it is in your user data.")  # fmt: skip
@click.pass_obj
def command(
    app: App,
    directory: str | None,
    kind: str | None,
    name: str | None,
    base_url: str | None,
    api_key_env: tuple[str, ...],
    api_key_command: str | None,
    signing_key: str | None,
) -> None:
    """Make an archive in DIR, else where --archive says, else in this directory.

    \b
    convarchive init calls --source ayra
    convarchive init calls --source ayra --name europe --api-key-env AYRA_EU_KEY

    The key is never written down: a source names the variable, or the command, that has it. The
    key that the archive is signed with is made beside your user data, never in the archive.
    """
    from convarchive import settings
    from convarchive.archive import Archive

    source = None
    if kind is not None:
        source = source_settings(kind, name, base_url, api_key_env, api_key_command)
        settings.check(source)
    named = directory or app.directory
    with Archive.create(named or ".", signing_key) as archive:
        if source is not None:
            settings.add_source(archive.directory, source)
        app.say(f"An empty archive is in {archive.directory}.")
        if archive.unkept is not None:
            failed(_unsigned(archive.unkept))
    where = f" -a {shlex.quote(named)}" if named else ""
    if source is None:
        app.say(f"Add a source: convarchive{where} source add ayra")
    elif source.variables:
        app.say(f"Next: export {'=… '.join(source.variables)}=…  then: convarchive{where} sync")
    else:
        app.say(f"Next: convarchive{where} sync")


def _unsigned(error: ConvarchiveError) -> ConvarchiveError:
    why = f"{error.what} {error.why}"
    return ConvarchiveError("Nothing in the archive will be signed.", why, error.hint)
