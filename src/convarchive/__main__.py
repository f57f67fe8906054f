"""``python -m convarchive``."""

from __future__ import annotations

from convarchive.cli import main

if __name__ == "__main__":
    main()
