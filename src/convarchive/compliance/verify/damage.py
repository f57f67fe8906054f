"""What verification can find: each kind of damage, what it means to the user, and what to do.

The kinds are a fixed vocabulary that scripts rely on: kinds are added, never renamed or removed.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """What a kind of damage means where nothing more is known."""

    effect: str
    remedy: str


_RESTORE: Final = "Restore the archive from a backup that verifies."
_REFETCH: Final = "Restore it from a backup, or let a sync fetch it again if the vendor has it."
_WHO: Final = "Find out who wrote to archive.db, and compare with a backup that verifies."

KINDS: Final = {
    "database": Meaning("What stands there cannot be read, or is not what was written.", _RESTORE),
    "schema": Meaning("The tables are not guarded or not answered from as they should be.", _WHO),
    "reference": Meaning("A row stands for something that is not there any more.", _RESTORE),
    "ledger_start": Meaning("The ledger may be that of another archive.", _RESTORE),
    "ledger_entry": Meaning("What was done to the archive then cannot be shown any more.", _WHO),
    "ledger_gap": Meaning("Entries were taken out of the ledger, or put elsewhere.", _WHO),
    "ledger_node": Meaning("Proofs and checkpoints that are made of it would be wrong.", _RESTORE),
    "ledger_rewritten": Meaning(
        "Something before this checkpoint was altered, taken away or put in.", _WHO
    ),
    "ledger_cut": Meaning(
        "An older copy was put in the place of this archive, or its end was cut off.", _WHO
    ),
    "checkpoint": Meaning("It is no evidence of anything any more.", "Use a copy kept elsewhere."),
    "row_missing": Meaning("Something that was stored is gone, and no rule destroyed it.", _WHO),
    "row_unentered": Meaning("Something is there that this program has not stored.", _WHO),
    "row_changed": Meaning("It is not what was stored.", _WHO),
    "destruction": Meaning("It is not shown that this was destroyed by a rule.", _WHO),
    "bytes_damaged": Meaning("The vendor's bytes are not those that came.", _REFETCH),
    "bytes_missing": Meaning("The vendor's bytes of this state are gone.", _REFETCH),
    "projection": Meaning(
        "What is shown, found and exported is not what the vendor's bytes say.",
        "Make the tables anew: convarchive rebuild",
    ),
    "recording_damaged": Meaning("The sound is not what was stored.", _REFETCH),
    "recording_missing": Meaning("The sound is gone.", _REFETCH),
    "index_damaged": Meaning(
        "Searches can miss conversations.", "Make the index anew: convarchive reindex"
    ),
    "index_differs": Meaning(
        "Searches can miss conversations, or find what is not there.",
        "Make the index anew: convarchive reindex",
    ),
    "vendor_differs": Meaning(
        "By its fingerprint it is what the vendor has, and yet the tables say something else.",
        "Make the tables anew: convarchive rebuild",
    ),
}
"""Every kind of damage."""


class Damage(NamedTuple):
    """One thing that is not as it was stored."""

    kind: str
    """One of `KINDS`."""
    where: str
    """A conversation as ``SOURCE/ID``, a row, a file, a position in the ledger."""
    what: str
    """One sentence."""
    effect: str
    """What it means to the user."""
    remedy: str
    """What to do."""


def damage(kind: str, where: str, what: str) -> Damage:
    """What was found, with what that kind means."""
    return Damage(kind, where, what, *KINDS[kind])
