"""An offline archive and full-text search index for the conversations of AI voice agents.

>>> from convarchive import Archive
>>> with Archive.open("my-archive") as archive:
...     for hit in archive.search('customer:"charged twice"').hits:
...         print(hit.conversation.id)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convarchive.archive import Archive

__all__ = ["Archive", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Loaded on first use: `convarchive --version` should not wait for a search engine.
    if name == "Archive":
        from convarchive.archive import Archive

        return Archive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
