"""``convarchive verify``: whether the archive is whole, and what was stored.

It re-derives, and trusts nothing that it can make anew.

::

    vendor's bytes ─► SHA-256 ─► commitment ─► entry ─► root ─► every checkpoint
          └─► tables and turns ─► search index            recordings ─► SHA-256

`run` goes through the stages in this order:

===============  =============================================================================
`chain`          the ledger, from its first entry to its last, and what checkpoints say of it
`accounts`       entries against rows, by the list in `registry`
`statements`     what entries say in plain against the tables
`contents`       conversations: commitments, bytes, tables, recordings (`sounds`)
`structure`      SQLite's own checks, and whether triggers and tables are as they were made
`searching`      the index against the tables
`vendor`         what the vendor has now, on demand
===============  =============================================================================

What is not protected, and why, is in `bookkeeping`; what damage there can be, in `damage`.
"""

from convarchive.compliance.verify.bookkeeping import BOOKKEEPING
from convarchive.compliance.verify.damage import KINDS, Damage
from convarchive.compliance.verify.report import Report
from convarchive.compliance.verify.run import Options, verify

__all__ = ["BOOKKEEPING", "KINDS", "Damage", "Options", "Report", "verify"]
