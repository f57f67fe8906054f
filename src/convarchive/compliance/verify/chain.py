"""The ledger, read once from its first entry to its last: whether it is whole, and the one that the
checkpoints have seen.

The tree is made anew from the entries. What is learnt on the way of what the entries say is kept in
a few bytes an entry, for `accounts`.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Literal, NamedTuple, TypeGuard

import msgspec

from convarchive.compliance.verify.report import Report, Tree
from convarchive.compliance.verify.rows import is_key
from convarchive.compliance.verify.sparse import Sparse
from convarchive.store import evidence, inception, ledger, merkle, tombstones

SETTLED = 0x80
"""Set in `Chain.kinds` where it is known what became of what an entry speaks of."""

FORGOTTEN = 0x40
"""Set in `Chain.kinds` where a later entry says that content and salt of it were emptied."""

KIND = 0x3F
"""The bits of `Chain.kinds` that are the number of the kind."""

_LEVELS = 8
_TILE = 1 << _LEVELS


class Claim(NamedTuple):
    """What a checkpoint says of the ledger."""

    where: str
    size: int
    root: bytes


class Chain:
    """What the entries say, as far as it takes more than one of them to judge.

    Args:
        codes: Each kind of entry that a row stands behind, with a number from 1 to `KIND`.
    """

    def __init__(self, codes: Mapping[str, int]) -> None:
        self.codes = codes
        self.kinds = Sparse("B")
        """By position the number of the kind, where a row stands behind it; with `SETTLED` and
        `FORGOTTEN`."""
        self.deleted = Sparse("q")
        """By conversation the newest entry that it was deleted at the source, or is back."""
        self.recording = Sparse("q")
        """By conversation the newest entry that it has a recording."""
        self.window = Sparse("q")
        """By window its entry. These three are positions, plus 1."""
        self.sources: dict[str, dict[str, Any]] = {}
        """What the newest entry says of each source."""
        self.newest: dict[str, dict[str, Any]] = {}
        """The newest entry of each kind of which there is one thing only: the settings, the key."""
        self.keys: list[str] = []
        """The verifier keys that the ledger names, the oldest first."""
        self.first: dict[str, Any] = {}
        """The first entry."""
        self.at = {
            kind: array("q") for kind in (evidence.HELD, tombstones.ERASURE, tombstones.DISPOSAL)
        }
        """Positions of the entries of some kinds."""
        self.superseding = array("q")
        """Positions of the entries that replace an older one."""
        self.left: dict[int, Any] = {}
        """By position of an entry that was forgotten, what the row behind it is committed to."""
        self.latest = ""
        """The latest time that an entry names."""
        self.back = array("q")
        """Positions of entries that name an earlier time than one before them."""


SINGLE = frozenset(("settings", "key"))
"""Kinds of which the newest entry is what counts."""


def follow(
    connection: sqlite3.Connection,
    codes: Mapping[str, int],
    claims: Iterable[Claim],
    report: Report,
    progress: Callable[[int], None],
) -> Chain:
    """Read the ledger, and name what is not right with it.

    Args:
        connection: To the archive's database.
        codes: See `Chain`.
        claims: Of the checkpoints.
        report: Where damage is named.
        progress: Told how many entries have been read, now and then.
    """
    chain = Chain(codes)
    growing = _Growing(connection, claims, report)
    revision = codes[evidence.REVISION]
    for position, data in _entries(connection, report):
        growing.add(merkle.leaf_hash(data))
        if (plain := _revision(data)) is not None:
            chain.kinds[position] = revision
            _order(chain, position, plain.kind, plain.at, report)
        else:
            fields = _fields(position, data, report)
            if growing.size == 1:
                chain.first = fields
            _learn(chain, position, fields, report)
        if position % 10_000 == 0:
            progress(position)
    growing.finish()
    report.checked["ledger_entries"] = growing.size
    return chain


class _Revision(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An entry as nearly all are, which replaces none. Its names are in order, as in each entry."""

    at: str
    commitment: str
    conversation: int
    kind: Literal["revision"]
    revision: int


_decode_revision = msgspec.json.Decoder(_Revision).decode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def _revision(data: bytes) -> _Revision | None:
    """The entry if it is such a one, and canonical."""
    if b'"kind":"revision"' not in data:
        return None
    try:
        plain = _decode_revision(data)
        return plain if ledger.canonical(plain) == data else None
    except (msgspec.MsgspecError, ValueError):
        return None


def _fields(position: int, data: bytes, report: Report) -> dict[str, Any]:
    """What an entry says; nothing where it can't be read."""
    try:
        fields = _decode(data)
        whole = ledger.canonical(fields) == data
    except (msgspec.MsgspecError, ValueError, RecursionError):
        fields, whole = {}, False
    if not (whole and all(isinstance(fields.get(name), str) for name in ("kind", "at"))):
        what = "It is no canonical JSON that says what happened, and when."
        report.add("ledger_entry", f"ledger entry {position}", what)
    return fields


def _entries(connection: sqlite3.Connection, report: Report) -> Iterator[tuple[int, bytes]]:
    expected = 0
    # As bytes: a flipped bit can leave text that is no UTF-8.
    for position, data in connection.execute(
        "SELECT position, CAST(entry AS BLOB) FROM ledger ORDER BY position"
    ):
        if position != expected:
            what = f"In its place there is entry {position}."
            report.add("ledger_gap", f"ledger entry {expected}", what)
        expected = position + 1
        yield position, data


class _Growing:
    """The tree as it grows, compared with what is kept of it and what checkpoints say."""

    def __init__(
        self, connection: sqlite3.Connection, claims: Iterable[Claim], report: Report
    ) -> None:
        self._tree = merkle.Growing()  # all but the last tile, which is not full
        self._report = report
        self._claims = sorted(claims, key=lambda claim: claim.size, reverse=True)
        self._agreeing = 0
        self._connection = connection
        self._tile: list[bytes] = []
        self._tiles: list[list[bytes]] = [[]]  # by level 8, 16 …: nodes whose parent is not full
        self._numbers = [0]
        self._compare()

    @property
    def size(self) -> int:
        """How many entries there are so far."""
        return self._tree.size + len(self._tile)

    def root(self) -> bytes:
        """The root as of now."""
        tree = self._tree.copy()
        for leaf in self._tile:
            tree.add(leaf)
        return tree.root()

    def add(self, leaf: bytes) -> None:
        self._tile.append(leaf)
        if len(self._tile) == _TILE:
            node = merkle.over(self._tile)
            self._tree.add(node, _LEVELS)
            self._tile = []
            self._keep(0, node)
        if self._claims and self._claims[-1].size == self.size:
            self._compare()

    def finish(self) -> None:
        """Say what is left: of checkpoints beyond the end, of nodes that should not be there."""
        for claim in reversed(self._claims):
            self._report.add(
                "ledger_cut",
                claim.where,
                f"It has seen {claim.size:,} entries, and the ledger has {self.size:,}.",
            )
        many = sum(self._numbers)
        (stored,) = self._connection.execute("SELECT count(*) FROM ledger_nodes").fetchone()
        if stored > many:
            self._report.add(
                "ledger_node", "ledger_nodes", f"{stored - many} of {stored} belong to no entries."
            )
        self._report.ledger = Tree(self.size, self.root().hex(), self._agreeing)

    def _compare(self) -> None:
        while self._claims and self._claims[-1].size == self.size:
            claim = self._claims.pop()
            if claim.root == self.root():
                self._agreeing += 1
                continue
            self._report.add(
                "ledger_rewritten",
                claim.where,
                f"The first {claim.size:,} entries of the ledger are not those that it has seen.",
            )

    def _keep(self, at: int, node: bytes) -> None:
        """A complete node of level 8, 16 …: see whether it is the one that is kept."""
        level, number = _LEVELS * (at + 1), self._numbers[at]
        self._numbers[at] += 1
        found = self._connection.execute(
            "SELECT hash FROM ledger_nodes WHERE level = ? AND number = ?", (level, number)
        ).fetchone()
        if found is None or found[0] != node:
            what = "It is missing." if found is None else "It is not the hash of its entries."
            self._report.add("ledger_node", f"ledger node {level}/{number}", what)
        self._tiles[at].append(node)
        if len(self._tiles[at]) == _TILE:
            if len(self._tiles) == at + 1:
                self._tiles.append([])
                self._numbers.append(0)
            self._keep(at + 1, merkle.over(self._tiles[at]))
            self._tiles[at] = []


def _learn(chain: Chain, position: int, fields: dict[str, Any], report: Report) -> None:
    kind, conversation = str(fields.get("kind")), fields.get("conversation")
    code = chain.codes.get(kind, 0)
    if code:
        chain.kinds[position] = code
    _order(chain, position, kind, str(fields.get("at")), report)
    if "replaces" in fields:
        _supersede(chain, position, fields["replaces"], code, report)
    if kind == evidence.FORGOTTEN:
        _forget(chain, position, fields.get("entries"), fields.get("left"), report)
    elif kind in SINGLE:
        chain.newest[kind] = fields
        if kind == "key" and isinstance(fields.get("verifier_key"), str):
            chain.keys.append(fields["verifier_key"])
    elif kind == evidence.SOURCE:
        chain.sources[str(fields.get("name"))] = fields
    elif kind == evidence.WINDOW and isinstance(fields.get("id"), int):
        chain.window[fields["id"]] = position + 1
    elif is_key(conversation):
        if kind in (evidence.DELETED, evidence.BACK):
            chain.deleted[conversation] = position + 1
        elif kind == evidence.RECORDING:
            chain.recording[conversation] = position + 1
    if kind in chain.at:
        chain.at[kind].append(position)


def _order(chain: Chain, position: int, kind: str, at: str, report: Report) -> None:
    """Whether it can come where it does. Times are ordered as texts are, see `clock`."""
    if kind == inception.ARCHIVE and position:
        what = "It says that another ledger begins here."
        report.add("ledger_entry", f"ledger entry {position}", what)
    if at >= chain.latest:
        chain.latest = at
    else:
        chain.back.append(position)


def _supersede(chain: Chain, position: int, before: Any, code: int, report: Report) -> None:
    if not _before(before, position) or not code or chain.kinds[before] & (KIND | SETTLED) != code:
        report.add(
            "ledger_entry", f"ledger entry {position}",
            f"It replaces entry {before}, which is nothing that it can replace.",
        )  # fmt: skip
        return
    chain.kinds[before] |= SETTLED
    chain.superseding.append(position)


_CAN_BE_FORGOTTEN = (evidence.HOLD, evidence.RELEASE, evidence.ACCESS, evidence.EXPORT)


def _forget(chain: Chain, position: int, entries: Any, left: Any, report: Report) -> None:
    allowed = {chain.codes[kind] for kind in _CAN_BE_FORGOTTEN}
    entries, left = (each if isinstance(each, list) else [None] for each in (entries, left))
    for each, commitment in zip_longest(entries, left):
        if not _before(each, position) or chain.kinds[each] & KIND not in allowed:
            report.add(
                "ledger_entry", f"ledger entry {position}",
                f"It says that entry {each} was emptied, which can't be.",
            )  # fmt: skip
        else:
            chain.kinds[each] |= FORGOTTEN
            chain.left[each] = commitment


def _before(each: Any, position: int) -> TypeGuard[int]:
    """Whether this is the position of an earlier entry."""
    return isinstance(each, int) and 0 <= each < position
