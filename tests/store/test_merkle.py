"""The Merkle tree against another implementation, published vectors, and everything that is wrong.

A proof speaks of a size *and* a root, which a signed checkpoint ties together. A root with a size
that is not its own is not what a verifier of RFC 9162 is asked about: trees of neighbouring sizes
can have proofs of the same shape.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convarchive.store import merkle

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f")  # fmt: skip
"""The inputs, in hex, of the tests that Certificate Transparency's implementations share."""

ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Of the first 0 to 8 of them."""

L0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
L1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
L4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
N01 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
N45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
N0123 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
N4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"

ALL_PAIRS = 200

Data = Sequence[bytes]


class Tree:
    """Leaves in memory, and nodes that are hashed once."""

    def __init__(self, entries: Data) -> None:
        self.leaves = [merkle.leaf_hash(data) for data in entries]
        self._node: Callable[[int, int], bytes] = cache(self._hash)

    def _hash(self, level: int, number: int) -> bytes:
        if level == 0:
            return self.leaves[number]
        below = level - 1
        return merkle.parent(self._node(below, 2 * number), self._node(below, 2 * number + 1))

    def root(self, size: int) -> bytes:
        """As `merkle.root`."""
        return merkle.root(size, self._node)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """As `merkle.inclusion`."""
        return merkle.inclusion(index, size, self._node)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """As `merkle.consistency`."""
        return merkle.consistency(old, new, self._node)


def made_up(size: int, seed: int = 0) -> list[bytes]:
    """So many entries of 0 to 40 bytes."""
    dice = random.Random(seed)
    return [dice.randbytes(dice.randrange(41)) for _ in range(size)]


def other_tree(entries: Data) -> pymerkle.InmemoryTree:
    """The same tree by the other implementation."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    tree.append_entries(entries)
    return tree


def hexed(path: Sequence[bytes]) -> list[str]:
    """Hashes to read."""
    return [hashed.hex() for hashed in path]


@pytest.fixture(scope="module")
def tree() -> Tree:
    """As large as all pairs of sizes are tried for."""
    return Tree(made_up(ALL_PAIRS))


@pytest.fixture(scope="module")
def roots(tree: Tree) -> list[bytes]:
    """The root of every size."""
    return [tree.root(size) for size in range(ALL_PAIRS + 1)]


# Published vectors


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    """The roots are those that Certificate Transparency publishes."""
    assert Tree([bytes.fromhex(data) for data in LEAVES]).root(size).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [(0, 1, []), (0, 2, [L1]), (1, 2, [L0]), (2, 3, [N01]), (1, 5, [L0, N23, L4]),
     (0, 8, [L1, N23, N4567]), (5, 8, [L4, N67, N0123])],
)  # fmt: skip
def test_published_inclusion_proofs(index: int, size: int, path: list[str]) -> None:
    """So are the inclusion proofs."""
    published = Tree([bytes.fromhex(data) for data in LEAVES])
    assert hexed(published.inclusion(index, size)) == path


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [(1, 1, []), (1, 8, [L1, N23, N4567]), (2, 5, [N23, L4]), (6, 8, [N45, N67, N0123])],
)
def test_published_consistency_proofs(old: int, new: int, path: list[str]) -> None:
    """And the consistency proofs."""
    published = Tree([bytes.fromhex(data) for data in LEAVES])
    assert hexed(published.consistency(old, new)) == path


# The other implementation


def agree(entries: Data, index: int, old: int) -> None:
    """Both implementations say the same of a tree, a leaf of it and an earlier size."""
    ours, theirs, size = Tree(entries), other_tree(entries), len(entries)
    assert ours.root(size) == theirs.get_root()
    if not size:
        return
    path = ours.inclusion(index, size)
    proof = theirs.prove_inclusion(index + 1, size)
    assert path == proof.path[1:]  # theirs begins with the leaf
    pymerkle.verify_inclusion(ours.leaves[index], ours.root(size), proof, index + 1, size)
    if old:
        before, after = ours.root(old), theirs.get_root(size)
        pymerkle.verify_consistency(before, after, theirs.prove_consistency(old, size), old, size)
        assert before == theirs.get_root(old)
        assert merkle.extends(old, size, before, after, ours.consistency(old, size))


@given(st.data())
@settings(max_examples=60)
def test_agreement_on_any_tree(data: st.DataObject) -> None:
    """With entries of any kind, the equal and the empty included."""
    entries = data.draw(st.lists(st.binary(max_size=8), max_size=80))
    last = max(len(entries) - 1, 0)
    agree(entries, data.draw(st.integers(0, last)), data.draw(st.integers(0, len(entries))))


@pytest.mark.parametrize("seed", range(12))
def test_agreement_on_large_trees(seed: int) -> None:
    """With up to 2,000 entries."""
    dice = random.Random(seed)
    size = (0, 1, 2, 255, 256, 257, 1024, 2000)[seed] if seed < 8 else dice.randrange(2001)
    agree(made_up(size, seed), dice.randrange(max(size, 1)), dice.randrange(size + 1))


# Inclusion


def test_every_leaf_is_shown_to_be_in_every_tree(tree: Tree, roots: list[bytes]) -> None:
    """Of all sizes up to 200."""
    for size in range(1, ALL_PAIRS + 1):
        for index in range(size):
            path = tree.inclusion(index, size)
            assert merkle.includes(tree.leaves[index], index, size, path, roots[size])


def test_what_an_inclusion_proof_does_not_show(tree: Tree, roots: list[bytes]) -> None:
    """Another leaf, another place, another tree, or a path in which a bit is another one."""
    for size in range(1, 66):
        for index in range(size):
            leaf, path, root = tree.leaves[index], tree.inclusion(index, size), roots[size]
            wrong = [
                merkle.includes(tree.leaves[index - 1], index, size, path, root) and size > 1,
                merkle.includes(flipped(leaf), index, size, path, root),
                merkle.includes(leaf, index, size, path, flipped(root)),
                merkle.includes(leaf, index, size + 1, path, roots[size + 1]),
                merkle.includes(leaf, index, size, [*path, root], root),
                merkle.includes(leaf, index, size, [root, *path], root),
                merkle.includes(leaf, size, size, path, root),
                merkle.includes(leaf, index - size, size, path, root),
                *(merkle.includes(leaf, index, size, one, root) for one in damaged(path)),
                *(
                    merkle.includes(leaf, other, size, path, root)
                    for other in range(size)
                    if other != index
                ),
            ]
            assert not any(wrong), (index, size)


def test_a_node_does_not_pass_for_a_leaf() -> None:
    """Leaves and nodes are hashed differently, so the data of a node is not that of a leaf."""
    ours = Tree(made_up(4))
    forged = merkle.leaf_hash(ours.leaves[0] + ours.leaves[1])
    assert not merkle.includes(forged, 0, 2, ours.inclusion(0, 4)[1:], ours.root(4))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (6, 5)])
def test_no_proof_of_a_leaf_that_is_not_there(tree: Tree, index: int, size: int) -> None:
    """Asking for one is an error."""
    with pytest.raises(ValueError, match="There is no leaf"):
        tree.inclusion(index, size)


# Consistency


def test_every_tree_begins_with_every_smaller_one(tree: Tree, roots: list[bytes]) -> None:
    """All pairs of sizes up to 200; and the proof is no longer than it has to be."""
    for new in range(ALL_PAIRS + 1):
        for old in range(new + 1):
            path = tree.consistency(old, new)
            assert merkle.extends(old, new, roots[old], roots[new], path), (old, new)
            assert len(path) <= new.bit_length() + 1


@pytest.mark.parametrize("rest", range(4))
def test_what_a_consistency_proof_does_not_show(tree: Tree, roots: list[bytes], rest: int) -> None:
    """All pairs of sizes up to 200: another root, another size, or another path."""
    stranger = sha256(b"stranger").digest()
    for new in range(rest or 4, ALL_PAIRS + 1, 4):
        for old in range(new + 1):
            path, before, after = tree.consistency(old, new), roots[old], roots[new]
            wrong = [
                merkle.extends(old, new, flipped(before), after, path),
                # That a tree begins with nothing holds for any tree.
                old > 0 and merkle.extends(old, new, before, flipped(after), path),
                merkle.extends(old, new, before, after, [*path, stranger]),
                merkle.extends(old, new, before, after, [stranger, *path]),
                0 < old < new and merkle.extends(new, old, after, before, path),
                0 < old < new and merkle.extends(old, new, after, before, path),
                0 < old < new and merkle.extends(old, new, before, before, path),
                old > 0 and merkle.extends(old - 1, new, before, after, path),
                *(merkle.extends(old, new, before, after, one) for one in damaged(path)),
            ]
            assert not any(wrong), (old, new)


def test_another_size_with_its_own_root_needs_its_own_proof(tree: Tree, roots: list[bytes]) -> None:
    """A proof from one size does not do for another size."""
    for new in range(2, 66):
        for old in range(1, new):
            path = tree.consistency(old, new)
            for other in range(1, new):
                held = merkle.extends(other, new, roots[other], roots[new], path)
                assert held == (other == old or path == tree.consistency(other, new))


def test_a_rewritten_tree_does_not_extend_the_old_one() -> None:
    """Whichever of the old leaves is another one, and whatever proof the new tree gives."""
    entries = made_up(40)
    before = Tree(entries).root(23)
    for at in range(23):
        changed = Tree([*entries[:at], b"another", *entries[at + 1 :]])
        assert not merkle.extends(23, 40, before, changed.root(40), changed.consistency(23, 40))


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2), (1, 0)])
def test_no_proof_of_what_is_not_so(tree: Tree, old: int, new: int) -> None:
    """A larger tree is no beginning of a smaller one; asking is an error, checking says no."""
    with pytest.raises(ValueError, match="does not begin"):
        tree.consistency(old, new)
    assert not merkle.extends(old, new, tree.root(1), tree.root(1), [])


@given(
    st.integers(-2, 9), st.integers(-2, 9), st.lists(st.binary(min_size=32, max_size=32)),
    st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32),
)  # fmt: skip
def test_rubbish_shows_nothing(
    one: int, two: int, path: list[bytes], first: bytes, second: bytes
) -> None:
    """And makes no error."""
    assert not merkle.includes(first, one, two, path, second) or (two == 1 and first == second)
    held = merkle.extends(one, two, first, second, path)
    assert not held or (one == two and first == second and not path)


# Streaming


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_a_growing_tree_knows_its_root(entries: list[bytes]) -> None:
    """After each leaf it is that of the tree of as many."""
    whole, growing = Tree(entries), merkle.Growing()
    assert growing.root() == merkle.EMPTY
    for size, leaf in enumerate(whole.leaves, start=1):
        growing.add(leaf)
        assert (growing.size, growing.root()) == (size, whole.root(size))


def test_over_is_the_root_of_a_full_tree(tree: Tree) -> None:
    """For each power of two."""
    for level in range(8):
        assert merkle.over(tree.leaves[: 1 << level]) == tree.root(1 << level)


def flipped(hashed: bytes) -> bytes:
    """With one bit another."""
    return bytes([hashed[0] ^ 1]) + hashed[1:]


def damaged(path: Sequence[bytes]) -> list[list[bytes]]:
    """Every proof that is like this one but for one hash."""
    found = [[*path[:at], flipped(path[at]), *path[at + 1 :]] for at in range(len(path))]
    found += [[*path[:at], *path[at + 1 :]] for at in range(len(path))]
    found += [
        [*path[:at], path[at + 1], path[at], *path[at + 2 :]]
        for at in range(len(path) - 1)
        if path[at] != path[at + 1]
    ]
    return found
