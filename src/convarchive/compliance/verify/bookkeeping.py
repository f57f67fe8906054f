"""What the ledger does not vouch for, column by column, and why that is no loss.

A column of the database is either found by `verify` to have been changed, or it is in this list.
The tamper test holds that for every column that there is.
"""

from __future__ import annotations

from typing import Final

_SYNC = "what the vendor has listed, by which the next sync decides what to fetch"
_OWED = "what is to be tried again; it changes with every sync"
_VERIFIED = "only decides what is verified next"

BOOKKEEPING: Final[dict[str, str]] = {
    "_sqlite_migrations.*": "which steps made the tables; the tables themselves are compared",
    "meta.index": "which index is this archive's; another one is not asked, and made anew",
    "meta.settings_salt": "looks as if the settings had been edited, which is said",
    "meta.verified": _VERIFIED,
    "sources.listed_to": "where the next sync goes on",
    "sources.synced_at": "when the last sync was; the windows say what it has listed",
    "sources.complete_until": "a view of the windows, which the ledger has",
    "listings.*": _SYNC,
    "pending.*": _OWED,
    "problems.*": _OWED,
    "budgets.*": "requests made today, by which a sync keeps within the vendor's limit",
    "alert_matches.*": "for which conversations an alert has acted already",
    "index_queue.*": "what the index lacks; the index itself is compared with the tables",
    "verified.*": _VERIFIED,
    "disposals.finished_at": "whether files are still to be removed; the next command sees to it",
    "doomed_recordings.*": "which files are still to be removed",
    "access_log.entry": "a number for the row alone; the ledger has the order",
}
"""By ``table.column``, ``table.*`` for a whole table, ``meta.NAME`` for a row of ``meta``."""
