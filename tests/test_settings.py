"""``convarchive.toml`` says which sources there are, holds no secret, and stays the user's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from convarchive import settings
from convarchive.errors import NotFound, SettingsError
from convarchive.settings import FILE, SourceSettings

AYRA = SourceSettings("ayra", "ayra", "https://api.ayra.ai", "AYRA_API_KEY")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Of an archive without sources."""
    settings.create(tmp_path)
    return tmp_path


def write(directory: Path, text: str) -> None:
    """What a user typed."""
    (directory / FILE).write_text(text, encoding="utf-8")


def refusal(directory: Path) -> SettingsError:
    """The error for what the user typed; it names the file."""
    with pytest.raises(SettingsError) as caught:
        settings.sources(directory)
    assert caught.value.exit_code == 2
    return caught.value


def test_a_new_archive_has_no_sources(directory: Path) -> None:
    """The file is there, says where keys are not, and is for its owner only."""
    assert settings.sources(directory) == {}
    assert "Keys are never written here" in (directory / FILE).read_text()
    if os.name == "posix":
        assert (directory / FILE).stat().st_mode & 0o777 == 0o600


def test_added_sources_are_read_back(directory: Path) -> None:
    """In the order in which they were added, each with what was given."""
    local = SourceSettings("uk-2", "ayra", "http://127.0.0.1:8000", None, "pass show ayra")
    several = AYRA._replace(name="two", api_key_env=("KEY_1", "KEY_2"), requests_per_day=10_000)
    for source in (AYRA, local, several):
        settings.add_source(directory, source)
    assert list(settings.sources(directory).values()) == [AYRA, local, several]
    assert list(settings.sources(directory)) == ["ayra", "uk-2", "two"]


def test_edits_keep_what_the_user_wrote(directory: Path) -> None:
    """Comments, order and other tables survive adding and removing a source."""
    mine = (
        "# Ours, since 2026.\n"
        '[sources.first] # the old account\nkind = "ayra"\n'
        'base_url = "https://api.ayra.ai" # EU\napi_key_env = "FIRST"\n\n'
        "[retention] # to be agreed\ndays = 365\n"
    )
    write(directory, mine)
    settings.add_source(directory, AYRA)
    both = (directory / FILE).read_text()
    for comment in ("# Ours, since 2026.", "# the old account", "# EU", "# to be agreed"):
        assert comment in both
    settings.remove_source(directory, "ayra")
    assert (directory / FILE).read_text() == mine
    assert list(settings.sources(directory)) == ["first"]


def test_the_last_source_can_go_and_come_back(directory: Path) -> None:
    """Without sources the file is still one that sources can be added to."""
    settings.add_source(directory, AYRA)
    settings.remove_source(directory, "ayra")
    assert settings.sources(directory) == {}
    settings.add_source(directory, AYRA)
    assert settings.sources(directory) == {"ayra": AYRA}


def test_a_name_is_taken_once(directory: Path) -> None:
    """A second source of a name is refused, and the first one stays as it is."""
    settings.add_source(directory, AYRA)
    with pytest.raises(SettingsError, match="There is a source named ayra already"):
        settings.add_source(directory, AYRA._replace(base_url="https://elsewhere.example"))
    assert settings.sources(directory) == {"ayra": AYRA}


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-a", "é", "x" * 41, "a\n"])
def test_names_that_will_not_do(directory: Path, name: str) -> None:
    """A name is letters, digits, ``-`` and ``_``: it must be typed, and stand before a slash."""
    with pytest.raises(SettingsError, match="won't do as the name of a source"):
        settings.add_source(directory, AYRA._replace(name=name))
    assert settings.sources(directory) == {}


def test_names_in_the_file_are_checked(directory: Path) -> None:
    """Also those that were typed into the file."""
    write(directory, '[sources."a/b"]\nkind="ayra"\nbase_url="x"\napi_key_env="K"\n')
    assert "'a/b' won't do" in refusal(directory).what


def test_removing_what_is_not_there(directory: Path) -> None:
    """There is no such source, and that is said."""
    with pytest.raises(NotFound, match="no source named ayra"):
        settings.remove_source(directory, "ayra")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources =", "is no valid TOML"),
        ("[sources]\n[sources]", "is no valid TOML"),
        ("sources = 3", "sources should be a table"),
        ("[sources]\nayra = 3", "sources.ayra should be a table"),
        ("[sources.ayra]\nkind = 3", "sources.ayra.kind should be a text"),
        ("[sources.ayra]\napi_key_env = []", "api_key_env should be a text, or a list of texts"),
        ("[sources.ayra]\napi_key_env = [1]", "api_key_env should be a text, or a list of texts"),
        ("[sources.ayra]\nrequests_per_day = 0", "requests_per_day should be a whole number"),
        ("[sources.ayra]\ndeleted_after_days = 0", "deleted_after_days should be a whole number"),
        ('[sources.ayra]\nrequests_per_day = "9"', "requests_per_day should be a whole number"),
        ("[sources.ayra]\nrequests_per_day = true", "requests_per_day should be a whole number"),
        ('[sources.ayra]\nkind = "ayra"', "lacks the setting 'base_url'"),
        ('[sources.ayra]\nbase_url = "x"', "lacks the setting 'kind'"),
        ('[sources.ayra]\nkind = "ayra"\nbase_url = "x"', "does not say where its key is"),
        ('[sources.ayra]\napi_key = "sk_live_1"', "a setting 'api_key' that does not exist"),
        (
            '[sources.ayra]\nbaseurl = "x"',
            "api_key_command, api_key_env, base_url, deleted_after_days, kind",
        ),
    ],
)
def test_mistakes_are_named(directory: Path, text: str, message: str) -> None:
    """What is not understood is an error that says what, where and what there is instead."""
    write(directory, text)
    error = refusal(directory)
    assert message in str(error)
    assert str(directory / FILE) in str(error)
    assert "sk_live_1" not in str(error)


def test_no_file(directory: Path) -> None:
    """A file that is missing is an error."""
    (directory / FILE).unlink()
    assert "cannot be read" in str(refusal(directory))


def test_no_utf_8(directory: Path) -> None:
    """A file in another encoding is an error."""
    (directory / FILE).write_bytes(b"# caf\xe9\n")
    assert "is no valid TOML" in str(refusal(directory))


def test_a_file_from_windows(directory: Path) -> None:
    """A byte order mark and CRLF do no harm."""
    text = '\ufeff# ours\r\n[sources.a]\r\nkind="ayra"\r\nbase_url="x"\r\napi_key_env="K"\r\n'
    (directory / FILE).write_bytes(text.encode())
    settings.add_source(directory, AYRA)
    assert list(settings.sources(directory)) == ["a", "ayra"]
    assert "# ours" in (directory / FILE).read_text(encoding="utf-8-sig")


def test_a_mistake_is_not_written_over(directory: Path) -> None:
    """Adding to a file that is not understood leaves it as it is."""
    write(directory, "sources = 3")
    with pytest.raises(SettingsError):
        settings.add_source(directory, AYRA)
    assert (directory / FILE).read_text() == "sources = 3"


def test_the_key_is_in_the_environment() -> None:
    """The key is what the variable holds, without space around it."""
    environment = {"AYRA_API_KEY": " sk_test_1\n", "OTHER": "sk_test_2"}
    assert settings.keys_of(AYRA, environment) == {"AYRA_API_KEY": "sk_test_1"}


def test_several_keys() -> None:
    """Where several variables are named, each holds a key, and all of them are there."""
    source = AYRA._replace(api_key_env=("KEY_2", "KEY_1"))
    keys = settings.keys_of(source, {"KEY_1": "one", "KEY_2": "two"})
    assert list(keys.items()) == [("KEY_2", "two"), ("KEY_1", "one")]
    with pytest.raises(SettingsError, match="The environment variable KEY_1 is not set"):
        settings.keys_of(source, {"KEY_2": "two"})


@pytest.mark.parametrize("environment", [{}, {"AYRA_API_KEY": ""}, {"AYRA_API_KEY": " "}])
def test_no_key(environment: dict[str, str]) -> None:
    """A variable that is missing or empty is an error that says how to set it."""
    with pytest.raises(SettingsError) as caught:
        settings.keys_of(AYRA, environment)
    assert "The environment variable AYRA_API_KEY is not set." in caught.value.why
    assert "export AYRA_API_KEY=" in caught.value.hint


def printing(code: str) -> SourceSettings:
    """A source whose key is printed by a Python program."""
    command = f'"{Path(sys.executable).as_posix()}" -c "{code}"'
    return AYRA._replace(api_key_command=command)


def test_a_command_prints_the_key() -> None:
    """The command comes before the variable, and its last line break does not count."""
    source = printing("print('sk_test_2')")
    keys = settings.keys_of(source, {"AYRA_API_KEY": "sk_test_1"})
    assert list(keys.values()) == ["sk_test_2"]


@pytest.mark.parametrize(
    "code",
    [
        "print('sk_secret'); exit(1)",
        "print()",
        "import sys; sys.stdout.buffer.write(bytes([255]))",
    ],
)
def test_a_command_that_fails(code: str) -> None:
    """It is an error, the variable does not step in, and what it printed is not told."""
    with pytest.raises(SettingsError, match="The command that prints the key of ayra") as caught:
        settings.keys_of(printing(code), {"AYRA_API_KEY": "sk_test_1"})
    assert "sk_secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("command", ["no-such-program-anywhere", '"never closed', "   "])
def test_a_command_that_cannot_be_run(command: str) -> None:
    """It is an error, and no traceback."""
    with pytest.raises(SettingsError, match="The command that prints the key of ayra failed"):
        settings.keys_of(AYRA._replace(api_key_command=command), {})
