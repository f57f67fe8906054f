"""A disk that loses power: what of the recorded calls is still there afterwards.

What POSIX promises, and no more. What was written to a file is there after the file was flushed; a
name (of a file or of a directory, new, moved or removed) after the directory that it stands in was
flushed. Until then each change may be there or not, whatever came before or after it, and of a
write every sector for itself. To be renamed is one change where both names stand in one directory.

Kinder than that are most file systems: they keep changes of names in order, or flush a new file's
name along with it. Nothing here leans on them, nor on a clock: what is not flushed has no age.

SQLite flushes the directory itself when it first flushes a new journal or write-ahead log
(``UNIXFILE_DIRSYNC`` in its ``os_unix.c``; only a build with ``SQLITE_DISABLE_DIRSYNC`` does not),
so these get no exception either. Of the ``-shm`` beside a log only the size is recorded. It holds
nothing of worth: whoever opens the database first begins it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.sync.fates import EVERYTHING, Change, Luck

if TYPE_CHECKING:
    from tests.sync.witness import Call, Event

SECTOR = 512
FLUSHES = ("fsync", "fdatasync")

Tree = dict[str, bytes | None]
"""The content of each file by its path, and None for each directory."""


@dataclass(eq=False)
class File:
    """A file, whatever its names are."""

    safe: bytes = b""
    """What is on the disk for certain."""
    pending: list[Write | Cut] = field(default_factory=list)
    """What was done since, in order."""


@dataclass(eq=False)
class Folder:
    """A directory."""

    safe: dict[str, Node] = field(default_factory=dict)
    pending: list[Entry] = field(default_factory=list)
    live: dict[str, Node] = field(default_factory=dict)
    """As the process sees it."""


Node = File | Folder


class Write(NamedTuple):
    """Bytes, from a place in the file on."""

    at: int
    data: bytes


class Cut(NamedTuple):
    """The file is made so long."""

    size: int


class Entry(NamedTuple):
    """A name in a directory stands for this from now on, or for nothing."""

    change: Change
    name: str
    node: Node | None


@dataclass
class Descriptor:
    """An open file."""

    node: Node
    position: int = 0


class Disk:
    """The files below a directory; what is there at the beginning is on the disk for certain."""

    def __init__(self, root: Path, before: Tree) -> None:
        self._root = str(root)
        self._top = Folder()
        self._open: dict[int, Descriptor] = {}
        self._flushing: dict[int, list[Write | Cut] | list[Entry]] = {}
        self.changes = 0
        """How many there were so far."""
        for path, content in sorted(before.items()):
            folder, name = self._place(f"{root}/{path}") or (self._top, "")
            node = Folder() if content is None else File(content)
            folder.safe[name] = folder.live[name] = node

    def flushed(self, event: Event) -> str | None:
        """What is about to be flushed: its path, or None where nothing of ours is."""
        call = event.call
        if event.ended or call.name not in FLUSHES or call.number(0) not in self._open:
            return None
        node = self._open[call.number(0)].node
        return next((path for path, each in _walk(self._top) if each is node), "?")

    def happens(self, event: Event) -> None:
        """A call begins or ends."""
        call = event.call
        if not event.ended:
            if call.name == "close":
                # Its number is free from here on, though other threads may be told of it first.
                self._open.pop(call.number(0), None)
            elif call.name in FLUSHES and call.number(0) in self._open:
                self._flushing[id(call)] = list(self._open[call.number(0)].node.pending)
        elif call.result >= 0:
            handler = getattr(self, f"_do_{call.name}", None)
            if handler is not None:
                handler(call)
            else:
                assert not self._concerns(call), f"{call.name} is not modelled"

    def left(self, luck: Luck) -> Tree:
        """What is there when the power is back."""
        return dict(_left(self._top, luck, ""))

    def _concerns(self, call: Call) -> bool:
        """Whether a call that is not modelled may have touched what is ours."""
        numbers = {int(word) for word in call.words if word.isdigit()}
        paths = [text.decode("utf-8", "replace") for text in call.strings]
        return bool(numbers & self._open.keys()) or any(self._root in path for path in paths)

    def _place(self, path: str, at: str = "AT_FDCWD") -> tuple[Folder, str] | None:
        """The directory that a path ends in, and the name there; None for what is not ours."""
        folder: Node = self._top
        if at != "AT_FDCWD" and not path.startswith("/"):
            if int(at) not in self._open:
                return None
            folder = self._open[int(at)].node
        elif path.startswith(self._root + "/"):
            path = path[len(self._root) + 1 :]
        else:
            return None
        *above, name = path.rstrip("/").split("/")
        for part in above:
            assert isinstance(folder, Folder)
            folder = folder.live[part]
        assert isinstance(folder, Folder)
        return folder, name

    def _set(self, *entries: tuple[Folder, str, Node | None], removes: bool = False) -> None:
        self.changes += 1
        change = Change(self.changes, removes)
        for folder, name, node in entries:
            folder.pending.append(Entry(change, name, node))
            folder.live.pop(name, None)
            if node is not None:
                folder.live[name] = node

    def _do_openat(self, call: Call) -> None:
        self._open.pop(call.result, None)
        path, flags = call.strings[0].decode(), call.words[2].split("|")
        if path == self._root:
            self._open[call.result] = Descriptor(self._top)
            return
        place = self._place(path, call.words[0])
        if place is None:
            return
        assert not {"O_APPEND", "O_TMPFILE"} & set(flags), "not modelled"
        folder, name = place
        if name not in folder.live:
            self._set((folder, name, File()))
        node = folder.live[name]
        self._open[call.result] = Descriptor(node)
        if "O_TRUNC" in flags and isinstance(node, File):
            self._cut(node, 0)

    def _do_dup(self, call: Call) -> None:
        self._open.pop(call.result, None)
        if call.number(0) in self._open:
            self._open[call.result] = self._open[call.number(0)]

    _do_dup2 = _do_dup3 = _do_dup

    def _do_fcntl(self, call: Call) -> None:
        if call.words[1].startswith("F_DUPFD"):
            self._do_dup(call)

    def _do_execve(self, call: Call) -> None:
        pass  # the one that begins it all

    def _do_close(self, call: Call) -> None:
        pass  # done when it began

    def _do_lseek(self, call: Call) -> None:
        if call.number(0) in self._open:
            self._open[call.number(0)].position = call.result

    def _do_mmap(self, call: Call) -> None:
        shared = "MAP_SHARED" in call.words[3] and "PROT_WRITE" in call.words[2]
        if shared and call.number(4) in self._open:
            node = self._open[call.number(4)].node
            path = next(path for path, each in _walk(self._top) if each is node)
            assert path.endswith("-shm"), f"what is written to {path} can't be seen"

    def _do_write(self, call: Call) -> None:
        if call.number(0) in self._open:
            opened = self._open[call.number(0)]
            self._write(opened.node, opened.position, b"".join(call.strings)[: call.result])
            opened.position += call.result

    _do_writev = _do_write

    def _do_pwrite64(self, call: Call) -> None:
        if call.number(0) in self._open:
            node = self._open[call.number(0)].node
            self._write(node, call.number(3), call.strings[0][: call.result])

    def _do_ftruncate(self, call: Call) -> None:
        if call.number(0) in self._open:
            self._cut(self._open[call.number(0)].node, call.number(1))

    def _write(self, node: Node, at: int, data: bytes) -> None:
        assert isinstance(node, File)
        node.pending.append(Write(at, data))
        self.changes += 1

    def _cut(self, node: Node, size: int) -> None:
        assert isinstance(node, File)
        node.pending.append(Cut(size))
        self.changes += 1

    def _do_fsync(self, call: Call) -> None:
        """Only what was done before it began is safe when it ends."""
        if id(call) not in self._flushing:
            return
        node = self._open[call.number(0)].node
        begun = {id(each) for each in self._flushing.pop(id(call))}
        if isinstance(node, File):
            done = [each for each in node.pending if id(each) in begun]
            node.safe = _content(node.safe, done, EVERYTHING)
            node.pending = [each for each in node.pending if id(each) not in begun]
        else:
            _rename(node.safe, [each for each in node.pending if id(each) in begun], EVERYTHING)
            node.pending = [each for each in node.pending if id(each) not in begun]

    _do_fdatasync = _do_fsync

    def _do_mkdir(self, call: Call) -> None:
        self._make(self._place(call.strings[0].decode()))

    def _do_mkdirat(self, call: Call) -> None:
        self._make(self._place(call.strings[0].decode(), call.words[0]))

    def _make(self, place: tuple[Folder, str] | None) -> None:
        if place is not None:
            self._set((*place, Folder()))

    def _do_unlink(self, call: Call) -> None:
        self._remove(self._place(call.strings[0].decode()))

    _do_rmdir = _do_unlink

    def _do_unlinkat(self, call: Call) -> None:
        self._remove(self._place(call.strings[0].decode(), call.words[0]))

    def _remove(self, place: tuple[Folder, str] | None) -> None:
        if place is not None:
            self._set((*place, None), removes=True)

    def _do_rename(self, call: Call) -> None:
        old, new = (self._place(path.decode()) for path in call.strings)
        self._move(old, new)

    def _do_renameat(self, call: Call) -> None:
        (old, new), words = call.strings, call.words
        self._move(self._place(old.decode(), words[0]), self._place(new.decode(), words[2]))

    def _move(self, old: tuple[Folder, str] | None, new: tuple[Folder, str] | None) -> None:
        assert (old is None) == (new is None), "moved in or out"
        if old is not None and new is not None:
            folder, name = old
            self._set((*old, None), (*new, folder.live[name]))


def read(root: Path) -> Tree:
    """The tree below a directory."""
    return {
        str(path.relative_to(root)): None if path.is_dir() else path.read_bytes()
        for path in root.rglob("*")
    }


def write(root: Path, tree: Tree) -> None:
    """Put a tree below a directory that is not there yet."""
    root.mkdir(parents=True)
    for path, content in sorted(tree.items()):
        if content is None:
            (root / path).mkdir()
        else:
            (root / path).write_bytes(content)


def _walk(folder: Folder, above: str = "") -> Iterator[tuple[str, Node]]:
    for name, node in folder.live.items():
        yield above + name, node
        if isinstance(node, Folder):
            yield from _walk(node, f"{above}{name}/")


def _left(folder: Folder, luck: Luck, above: str) -> Iterator[tuple[str, bytes | None]]:
    names = dict(folder.safe)
    _rename(names, folder.pending, luck)
    for name, node in sorted(names.items()):
        if isinstance(node, File):
            yield above + name, _content(node.safe, node.pending, luck)
        else:
            yield above + name, None
            yield from _left(node, luck, f"{above}{name}/")


def _rename(names: dict[str, Node], entries: list[Entry], luck: Luck) -> None:
    for change, name, node in entries:
        if luck.keeps(change):
            names.pop(name, None)
            if node is not None:
                names[name] = node


def _content(safe: bytes, pending: list[Write | Cut], luck: Luck) -> bytes:
    content = bytearray(safe)
    for done in pending:
        keeps = luck.sectors()
        if isinstance(done, Cut):
            if keeps():
                content[:] = content[: done.size].ljust(done.size, b"\0")
            continue
        for at in range(done.at - done.at % SECTOR, done.at + len(done.data), SECTOR):
            first, last = max(at, done.at), min(at + SECTOR, done.at + len(done.data))
            if keeps():
                content.extend(bytes(max(0, last - len(content))))
                content[first:last] = done.data[first - done.at : last - done.at]
    return bytes(content)
