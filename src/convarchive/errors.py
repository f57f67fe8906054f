"""Everything that can go wrong, as one tree; each class carries the exit code of the command line.

::

    ConvarchiveError                1   it failed
    ├── UsageError                  2   wrong usage
    │   ├── QueryError              2   the query cannot be understood; knows the place
    │   └── SettingsError           2   convarchive.toml, or a setting in the environment
    ├── SomeFailed                  3   done, but some items could not be
    ├── ArchiveBusy                 4   another process is writing to this archive
    ├── KeyRefused                  5   the vendor refused the key
    ├── NotFound                    6   no such archive, source, conversation
    ├── DamageFound                 7   verification found damage
    ├── Interrupted               130   the user wanted to stop; run again to go on
    ├── VendorError                 1   the vendor's API did not do what it should
    │   ├── BudgetSpent             1   the vendor allows no more requests today
    │   ├── Unreachable             1   nothing answers there, or it stopped answering
    │   └── UnexpectedAnswer        1   something answers, but it is not the API
    ├── ArchiveError                1   the archive cannot be used as it is
    │   ├── NewerArchive            1   written by a later version of this program
    │   ├── IndexUnusable           1   the search index is missing, behind or broken
    │   ├── Unfinished              1   what was destroyed may still be on the disk
    │   └── DiskFull                1   no room left; nothing was lost
    ├── PathExists                  1   an export or backup would overwrite something
    ├── Protected                   1   a hold or a rule of retention forbids to destroy it
    ├── PlanChanged                 1   not what was agreed to any more; nothing was done
    └── Unreadable                  1   a file, or a part of it, is not what it should be

A message is up to three sentences: *what* happened, *why*, and what to do *next*. The words are
written where the error is raised, since only that place knows them; the command line prints them.
"""

from __future__ import annotations

__all__ = [
    "ArchiveBusy",
    "ArchiveError",
    "BudgetSpent",
    "ConvarchiveError",
    "DamageFound",
    "DiskFull",
    "IndexUnusable",
    "Interrupted",
    "KeyRefused",
    "NewerArchive",
    "NotFound",
    "PathExists",
    "PlanChanged",
    "Protected",
    "QueryError",
    "SettingsError",
    "SomeFailed",
    "UnexpectedAnswer",
    "Unfinished",
    "Unreachable",
    "Unreadable",
    "UsageError",
    "VendorError",
]


class ConvarchiveError(Exception):
    """Something that the user should read about, in words made for them.

    Args:
        what: One sentence: what happened.
        why: One sentence: the cause, where it is known.
        hint: One sentence or a command: what to do next.
    """

    exit_code = 1

    def __init__(self, what: str, why: str = "", hint: str = "") -> None:
        super().__init__(what, why, hint)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.hint) if part)


class UsageError(ConvarchiveError):
    """The command was called in a way that it does not take."""

    exit_code = 2


class QueryError(UsageError):
    """The query cannot be understood.

    Args:
        what: One sentence: what is wrong.
        query: The query as it was given.
        column: Where, counted from 0 in characters of ``query``.
        length: How many characters the caret should cover, at least 1.
        hint: The nearest valid name, or how to write it instead.
    """

    def __init__(
        self, what: str, *, query: str, column: int, length: int = 1, hint: str = ""
    ) -> None:
        super().__init__(what, "", hint)
        self.query = query
        self.column = column
        self.length = max(1, length)


class SettingsError(UsageError):
    """``convarchive.toml`` or a setting from the environment is wrong."""


class SomeFailed(ConvarchiveError):
    """The work is done, but some items could not be; ``convarchive problems`` names them."""

    exit_code = 3


class ArchiveBusy(ConvarchiveError):
    """Another process holds the archive's writer lock."""

    exit_code = 4


class KeyRefused(ConvarchiveError):
    """The vendor does not accept the key, or it lacks the scope."""

    exit_code = 5


class NotFound(ConvarchiveError):
    """There is no such archive, source or conversation, or the name fits more than one."""

    exit_code = 6


class DamageFound(ConvarchiveError):
    """Verification found bytes that are not what was stored."""

    exit_code = 7


class Interrupted(ConvarchiveError):
    """The user wanted to stop: what was begun is finished, the rest is for the next run."""

    exit_code = 130


class VendorError(ConvarchiveError):
    """The vendor's API did not do what its documentation says."""

    body: bytes | None = None
    """What came instead of an answer, where anything did."""

    outage = False
    """Whether it may be the vendor who is ill, whatever was asked for."""


class BudgetSpent(VendorError):
    """The vendor allows no more requests today; what has come is stored."""


class Unreachable(VendorError):
    """Nothing answers at the base URL, or it stopped answering."""

    outage = True


class UnexpectedAnswer(VendorError):
    """Something answers, but not with the API's own JSON."""


class ArchiveError(ConvarchiveError):
    """The archive cannot be used as it is."""


class NewerArchive(ArchiveError):
    """The archive was written by a later version of this program."""


class OlderArchive(ArchiveError):
    """The archive was written by an earlier version, and reading must not change it."""


class IndexUnusable(ArchiveError):
    """The search index is missing, incomplete or broken; the store is not affected."""


class DiskFull(ArchiveError):
    """No room is left on the disk; the transaction was rolled back and nothing was lost."""


class Unfinished(ArchiveError):
    """The rows of what was to be destroyed are gone, but something of it may still be on the disk.
    The next command that writes to the archive goes on with it."""


class PathExists(ConvarchiveError):
    """The output path exists already, and nothing is overwritten without being told to."""


class Protected(ConvarchiveError):
    """A legal hold or a rule of retention forbids to destroy some of it; none of it was."""


class PlanChanged(ConvarchiveError):
    """The archive has changed since it was shown what would be done; nothing was done."""


class Unreadable(ConvarchiveError):
    """A file that is imported, or what was imported from one, is not what it should be."""
