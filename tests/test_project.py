"""The project keeps its own promises: sizes, names, versions, and nothing of anyone's machine."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import convarchive

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 400
LONGEST_FUNCTION = 40

PLACES = re.compile(r"(?<![\w.:/~<-])/(?:work|tmp|root|home|Users)(?![\w.-])")
"""Directories that are there on one machine and not on another."""

REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|crates\.io|rubygems\.org"
    r"|proxy\.golang\.org|repo1?\.maven\."
)
"""Where packages come from is for whoever installs to say."""


def tracked() -> list[Path]:
    """Every file of the project that git knows."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True, encoding="utf-8",
    ).stdout  # fmt: skip
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file()]


def texts() -> list[tuple[Path, str]]:
    """The tracked files that are text, each with its path within the project."""
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((path.relative_to(ROOT), content.decode("utf-8")))
    return found


def modules() -> list[tuple[Path, str]]:
    """The tracked files that are Python."""
    return [(path, text) for path, text in texts() if path.suffix == ".py"]


def matches(pattern: re.Pattern[str]) -> list[str]:
    """Where in the project this stands, as ``path:line: text``."""
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("place", ["work/main", "tmp/x", "root", "home/me/calls"])
@pytest.mark.parametrize("before", ["", "see ", '"', "(", "=", "`"])
def test_a_place_is_recognised(before: str, place: str) -> None:
    """The pattern for places finds them, so that the next test can fail."""
    assert PLACES.search(f"{before}/{place}")


def test_no_file_names_a_place_on_someones_machine() -> None:
    """No file has an absolute path of the machine that it was written on."""
    assert matches(PLACES) == []


def test_no_file_names_a_package_registry() -> None:
    """No file has the host of a package registry."""
    assert matches(REGISTRIES) == []


def test_files_are_short() -> None:
    """No Python file has more than 400 lines."""
    lengths = {str(path): len(text.splitlines()) for path, text in modules()}
    assert lengths
    assert {path: count for path, count in lengths.items() if count > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    """No function of the package has more than 40 lines, its docstring included."""
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, text in modules()
        if "src" in path.parts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert lengths
    assert {name: count for name, count in lengths.items() if count > LONGEST_FUNCTION} == {}


def test_the_changelog_has_this_version() -> None:
    """The newest entry of the changelog is the version of the package."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == convarchive.__version__


def test_the_readme_has_the_two_commands_that_the_gate_runs() -> None:
    """The README has one line that shows the demo and one that runs the tests, in this order."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    demo, tests = re.findall(r"^```sh\n(python3 -m venv .*)\n```$", readme, re.MULTILINE)
    assert demo.endswith("/convarchive demo")
    assert "/pytest" in tests


@pytest.mark.slow
def test_the_wheel_brings_the_demo_along(tmp_path: Path) -> None:
    """A wheel holds the demo's conversations and recordings, the licence and the type marker."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)],
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("conversations", "recordings"):
        there = {path.name for path in (ROOT / "data" / folder).iterdir()}
        packed = {Path(name).name for name in names if f"convarchive/data/{folder}/" in name}
        assert packed == there
        assert there
    assert "convarchive/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
