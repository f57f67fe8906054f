"""What a process does to files, call by call, as ``strace`` sees it.

Patches in Python would not see what SQLite and Tantivy do, so the calls are taken where all of them
pass: at the kernel. Only calls that change files, order them to the disk, or say what a descriptor
is are recorded. What is written through shared memory can't be seen; `platter` refuses it but for
SQLite's ``-shm``.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

CALLS = (
    "execve", "open", "openat", "openat2", "creat", "close", "dup", "dup2", "dup3", "fcntl",
    "lseek", "write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range",
    "splice", "truncate", "ftruncate", "fallocate", "mmap", "fsync", "fdatasync", "sync", "syncfs",
    "sync_file_range", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat",
    "renameat2", "link", "linkat", "symlink", "symlinkat", "io_uring_setup",
)  # fmt: skip

_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_WHOLE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+|\?)")
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*?) *<unfinished \.\.\.>$")
_ENDED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+|0x[0-9a-f]+|\?)")


@dataclass
class Call:
    """A system call. Of its arguments, strings stand apart from the rest."""

    name: str
    words: Sequence[str]
    """The arguments, with ``$`` for each string."""
    strings: Sequence[bytes]
    result: int = -1

    def number(self, at: int) -> int:
        """An argument that is a number."""
        return int(self.words[at], 0)


class Event(NamedTuple):
    """A call begins, or has ended: other threads do something between."""

    ended: bool
    call: Call


@functools.cache
def possible() -> bool:
    """Whether there is an ``strace``, and it may look at other processes."""
    if sys.platform != "linux" or shutil.which("strace") is None:
        return False
    return subprocess.run(_command(Path(os.devnull), "true"), capture_output=True).returncode == 0


def witness(log: Path, program: str, *arguments: str) -> list[Event]:
    """Run a Python program to its end; everything that it does to files, in order."""
    done = subprocess.run(
        _command(log, sys.executable, "-c", program, *arguments),
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    events = list(_events(log))
    # The descriptors of a second process would be taken for those of the first.
    assert sum(event.ended and event.call.name == "execve" for event in events) == 1
    return events


def _command(log: Path, *command: str) -> list[str]:
    return [
        "strace", "-f", "--seccomp-bpf", "-qq", "-xx", "-s", str(1 << 26), "-e", "signal=none",
        "-e", "trace=" + ",".join(f"?{name}" for name in CALLS), "-o", str(log), "--", *command,
    ]  # fmt: skip


def _events(log: Path) -> Iterator[Event]:
    begun: dict[str, tuple[Call, str]] = {}
    with log.open(encoding="ascii") as lines:
        for line in lines:
            if match := _WHOLE.match(line):
                _, name, arguments, result = match.groups()
                call = _call(name, arguments, result)
                yield Event(False, call)
                yield Event(True, call)
            elif match := _BEGUN.match(line):
                process, name, arguments = match.groups()
                begun[process] = (_call(name, arguments, "?"), arguments)
                yield Event(False, begun[process][0])
            else:
                match = _ENDED.match(line)
                assert match, line[:200]
                process, name, rest, result = match.groups()
                call, arguments = begun.pop(process)
                assert call.name == name, line[:200]
                # Some arguments, as where a file was opened, are only shown when it has ended.
                vars(call).update(vars(_call(name, arguments + rest, result)))
                yield Event(True, call)


def _call(name: str, arguments: str, result: str) -> Call:
    strings = [bytes.fromhex(found.replace("\\x", "")) for found in _STRING.findall(arguments)]
    words = _STRING.sub("$", arguments)
    assert '"' not in words, f"{name} was cut off"
    return Call(name, words.split(", "), strings, -1 if result == "?" else int(result, 0))
