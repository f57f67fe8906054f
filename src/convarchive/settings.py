"""``convarchive.toml``: which sources an archive mirrors, and where each one's key is found.

No secret is ever in it. A source names the environment variable that holds its key, or a command
that prints it. Edits by this program keep the user's comments and order.

::

    [sources.ayra]
    kind = "ayra"
    base_url = "https://api.ayra.ai"
    api_key_env = "AYRA_API_KEY"      # or several: ["AYRA_KEY_1", "AYRA_KEY_2"]
    requests_per_day = 10000          # for each key; left out, there is no such limit
    deleted_after_days = 30           # when the vendor deletes calls; left out, that is not known

    [signing]
    key_file = "/secure/calls.pem"                 # or key_command; else in the user's data
    checkpoint_command = "mail -s checkpoint us"   # gets each checkpoint
    tsa_url = "http://tsa.example.com"             # gives each checkpoint a time stamp
Above the first table there can be ``access_log = true``: who searches, reads and hands over is
written down then.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from convarchive import disk
from convarchive.errors import NotFound, SettingsError

FILE = "convarchive.toml"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.IGNORECASE)
_HEAD = """# The settings of this archive.
# Keys are never written here. Name the environment variable, or the command, that has them.
"""
_KNOWN = {
    "kind": "a text",
    "base_url": "a text",
    "api_key_env": "a text, or a list of texts",
    "api_key_command": "a text",
    "requests_per_day": "a whole number above 0",
    "deleted_after_days": "a whole number above 0",
}
_SIGNING = ("key_file", "key_command", "checkpoint_command", "tsa_url")


class SourceSettings(NamedTuple):
    """An account to mirror."""

    name: str
    kind: str
    base_url: str
    api_key_env: str | tuple[str, ...] | None = None
    """The environment variable that holds the key, or several with a key each."""
    api_key_command: str | None = None
    """A command that prints the key; it comes before the variable."""
    requests_per_day: int | None = None
    """That each key may make; None where there is no such limit."""
    deleted_after_days: int | None = None
    """When the vendor deletes a call, counted from its start; None where that is not known."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that hold the keys."""
        named = self.api_key_env or ()
        return (named,) if isinstance(named, str) else named


class SigningSettings(NamedTuple):
    """How checkpoints are signed, and where they go."""

    key_file: str | None = None
    """The private key in PEM; None where it is in its usual place."""
    key_command: str | None = None
    """A command that prints the private key in PEM; it comes before the file."""
    checkpoint_command: str | None = None
    """A command that gets each checkpoint on its standard input."""
    tsa_url: str | None = None
    """A time stamping authority (RFC 3161) that is asked about each checkpoint."""


def create(directory: Path) -> None:
    """Write the settings of a new archive, without a source."""
    _write(directory, _HEAD)


def exist(directory: Path) -> bool:
    """Whether there are settings, beyond those of an archive whose making was cut short."""
    try:
        text = (directory / FILE).read_bytes().decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return text.splitlines() != _HEAD.splitlines()


def sources(directory: Path) -> dict[str, SourceSettings]:
    """The sources of an archive by name, in the order of the file.

    Raises:
        SettingsError: The file can't be read, or says something that is not understood.
    """
    path = directory / FILE
    return {name: _source(path, name, table) for name, table in read(directory, "sources").items()}


def signing(directory: Path) -> SigningSettings:
    """The table ``[signing]``.

    Raises:
        SettingsError: The file can't be read, or says something that is not understood.
    """
    table = read(directory, "signing")
    where = f"{directory / FILE}: signing"
    for setting, value in table.items():
        if setting not in _SIGNING:
            raise SettingsError(
                f"{where} has a setting {setting!r} that does not exist.",
                f"There are: {', '.join(sorted(_SIGNING))}.",
            )
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise SettingsError(f"{where}.{setting} should be a text.")
    return SigningSettings(**table)


def read(directory: Path, section: str) -> dict[str, Any]:
    """A table of the file by its name; empty where there is none.

    Raises:
        SettingsError: The file can't be read, or this is no table.
    """
    path = directory / FILE
    settings = _load(path)
    table = settings.get(section, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {section} should be a table.")
    return table


def access_log(directory: Path) -> bool:
    """Whether every access is to be logged; where there are no settings, it is not.

    Raises:
        SettingsError: The file can't be read, or does not say it as it should.
    """
    path = directory / FILE
    if not path.exists():
        return False
    settings = _load(path)
    wanted = settings.get("access_log", False)
    if not isinstance(wanted, bool):
        raise SettingsError(f"{path}: access_log should be true or false.")
    if isinstance(_below(settings, "access_log"), bool):
        raise SettingsError(
            f"{path}: access_log stands within a table.", "There it says nothing.",
            "Move it to the top of the file, above the first [ ].",
        )  # fmt: skip
    return wanted


def _below(settings: Mapping[str, Any], name: str) -> Any:
    """What is called so in any of the tables; None where nothing is."""
    for table in settings.values():
        if isinstance(table, dict):
            found = table[name] if name in table else _below(table, name)
            if found is not None:
                return found
    return None


def _load(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(_read(path))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read.", f"{error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no valid TOML.", f"{error}.") from error


def put(directory: Path, section: str, name: str, value: str | Mapping[str, Any]) -> None:
    """Write one setting of a table, or a table within it, in the place of what was there."""
    import tomlkit

    document = tomlkit.parse(_read(directory / FILE))
    if section not in document:
        document[section] = tomlkit.table(is_super_table=not isinstance(value, str))
    document[section][name] = value
    _write(directory, tomlkit.dumps(document))


def drop(directory: Path, section: str, name: str) -> None:
    """Remove what `put` wrote."""
    import tomlkit

    document = tomlkit.parse(_read(directory / FILE))
    del document[section][name]
    _write(directory, tomlkit.dumps(document))


def check(source: SourceSettings) -> None:
    """See whether a source can be written down.

    Raises:
        SettingsError: Its name won't do.
    """
    if not _NAME.fullmatch(source.name):
        raise SettingsError(
            f"{source.name!r} won't do as the name of a source.",
            "Letters, digits, - and _ will, up to 40.",
        )


def add_source(directory: Path, source: SourceSettings) -> None:
    """Add a source.

    Raises:
        SettingsError: There is one of this name, or the name won't do.
    """
    check(source)
    if source.name in sources(directory):
        raise SettingsError(
            f"There is a source named {source.name} already.", "", "Give another name with --name."
        )
    given = {name: value for name, value in source._asdict().items() if value is not None}
    del given["name"]
    put(directory, "sources", source.name, given)


def remove_source(directory: Path, name: str) -> None:
    """Forget a source; what was mirrored from it stays in the archive.

    Raises:
        NotFound: There is none of this name.
    """
    if name not in sources(directory):
        raise NotFound(f"There is no source named {name}.", "", "See: convarchive source list")
    drop(directory, "sources", name)


def keys_of(source: SourceSettings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The keys of a source, fresh from where they are kept, by the names of those places.

    Raises:
        SettingsError: One is not there.
    """
    if source.api_key_command:
        return {"api_key_command": printed_by(source.api_key_command, f"the key of {source.name}")}
    keys = {name: environment.get(name, "").strip() for name in source.variables}
    for variable, key in keys.items():
        if not key:
            raise SettingsError(
                f"The key of {source.name} is missing.",
                f"The environment variable {variable} is not set.",
                f"Set it: export {variable}=…",
            )
    return keys


def printed_by(command: str, secret: str) -> str:
    """What a command prints that prints a secret.

    Args:
        command: As it is typed.
        secret: What it prints, for the error: ``the key of ayra``.

    Raises:
        SettingsError: It fails, or prints nothing.
    """
    import shlex
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - it is the owner's own command
            shlex.split(command), capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        # Not what it printed: that may be the key.
        raise SettingsError(
            f"The command that prints {secret} failed.", f"{type(error).__name__}."
        ) from None
    key = done.stdout.strip()
    if not key:
        raise SettingsError(f"The command that prints {secret} printed nothing.")
    return key


def _source(path: Path, name: str, table: Any) -> SourceSettings:
    where = f"{path}: sources.{name}"
    if not isinstance(table, dict):
        raise SettingsError(f"{where} should be a table.")
    for setting, value in table.items():
        if setting not in _KNOWN:
            raise SettingsError(
                f"{where} has a setting {setting!r} that does not exist.",
                f"There are: {', '.join(sorted(_KNOWN))}.",
            )
        if not _fits(setting, value):
            raise SettingsError(f"{where}.{setting} should be {_KNOWN[setting]}.")
    for setting in ("kind", "base_url"):
        if setting not in table:
            raise SettingsError(f"{where} lacks the setting {setting!r}.")
    if not table.get("api_key_env") and not table.get("api_key_command"):
        raise SettingsError(f"{where} does not say where its key is.", "It needs api_key_env.")
    if isinstance(variables := table.get("api_key_env"), list):
        table = table | {"api_key_env": tuple(variables)}
    source = SourceSettings(name=name, **table)
    check(source)
    return source


def _fits(setting: str, value: Any) -> bool:
    if setting in ("requests_per_day", "deleted_after_days"):
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    if setting == "api_key_env" and isinstance(value, list):
        return bool(value) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)


def _read(path: Path) -> str:
    # Editors on Windows put a byte order mark in front.
    return path.read_text(encoding="utf-8-sig")


def _write(directory: Path, text: str) -> None:
    """All of the file or none of it."""
    disk.write(directory / FILE, text.encode())
