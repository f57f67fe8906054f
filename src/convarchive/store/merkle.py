"""The Merkle tree of RFC 6962, section 2.1: a hash that stands for a whole list, and short proofs.

A tree is known by its size and its root. Two things can be shown with about log2(size) hashes:
that an entry is in it (`inclusion`), and that a larger tree begins with all of a smaller one
(`consistency`). Whoever has the root checks either without the list.

What makes a proof asks a `Node` for the hashes of complete subtrees and does not care where they
are kept. Level 0 is the leaves; node `i` of level `l` stands for the leaves from `i * 2**l` on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeAlias

Node: TypeAlias = Callable[[int, int], bytes]
"""Level and number to the hash of a complete subtree, 32 bytes."""

EMPTY = sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\x00" + data).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return sha256(b"\x01" + left + right).digest()


def over(hashes: Sequence[bytes]) -> bytes:
    """The node above a power of two of neighbours."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        # As in `parent`, without a call for each: a ledger has as many of them as entries.
        neighbours = zip(pairs, pairs, strict=True)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in neighbours]
    return hashes[0]


def root(size: int, node: Node) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    return _stretch(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """What shows that leaf ``index`` is in the tree of ``size`` leaves: the hashes beside its way
    up, from the bottom.

    Raises:
        ValueError: There is no such leaf in that tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} in a tree of {size}.")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_stretch(middle, end, node))
            end = middle
        else:
            path.append(_stretch(start, middle, node))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """What shows that the tree of ``new`` leaves begins with the tree of ``old`` ones.

    Empty where there is nothing to show: the trees are the same, or the old one has no leaf.

    Raises:
        ValueError: The old tree is the larger one.
    """
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {new} leaves does not begin with one of {old}.")
    if old in (0, new):
        return []
    path = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_stretch(middle, end, node))
            end = middle
        else:
            path.append(_stretch(start, middle, node))
            start = middle
    if start:  # else it is the whole old tree, whose root the reader has
        path.append(_stretch(start, end, node))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether an inclusion proof holds, by RFC 9162, section 2.1.3.2.

    Args:
        leaf: The hash of the entry.
        index: Its position, from 0.
        size: Of the tree.
        path: The proof.
        root: Of the tree.
    """
    if not 0 <= index < size:
        return False
    at, last, hashed = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            hashed = parent(beside, hashed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hashed = parent(hashed, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and hashed == root


def extends(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a consistency proof holds, by RFC 9162, section 2.1.4.2."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY
    if not 0 < old < new:
        return False
    hashes = list(path)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for beside in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = parent(beside, first), parent(beside, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = parent(second, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class Growing:
    """A tree to which leaves are added one by one; it holds a hash a level, and knows its root."""

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[bytes] = []  # subtrees, the largest first: one for each bit of size

    def add(self, node: bytes, level: int = 0) -> None:
        """Add the hash of an entry, or, where as many as a multiple of it are there, that over
        ``2**level`` entries."""
        size = self.size >> level
        while size & 1:
            node = parent(self._complete.pop(), node)
            size >>= 1
        self._complete.append(node)
        self.size += 1 << level

    def copy(self) -> Growing:
        """Another one as of now."""
        other = Growing()
        other.size, other._complete = self.size, [*self._complete]
        return other

    def root(self) -> bytes:
        """The root as of now."""
        if not self._complete:
            return EMPTY
        hashed = self._complete[-1]
        for left in self._complete[-2::-1]:
            hashed = parent(left, hashed)
        return hashed


def _split(width: int) -> int:
    """The largest power of two below a width of at least 2."""
    return 1 << (width - 1).bit_length() - 1


def _stretch(start: int, end: int, node: Node) -> bytes:
    """The hash over the leaves from ``start``, where a subtree of that width can begin."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(width)
    return parent(_stretch(start, middle, node), _stretch(middle, end, node))
