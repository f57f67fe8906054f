"""A stage that goes on beside the others, in a thread: SQLite looks through all of the database
without Python, so another processor can do that meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from convarchive.compliance.verify import opening
from convarchive.compliance.verify.report import Report


class Beside:
    """A stage, begun early or done when what it finds is asked for; leaving the block ends it.

    Args:
        stage: Takes a connection to the archive's database, and where damage is named. It ends with
            an `sqlite3.OperationalError` where SQLite is interrupted.
        directory: The archive's.
        stop: Set to interrupt it.
    """

    def __init__(
        self,
        stage: Callable[[sqlite3.Connection, Report], None],
        directory: Path,
        stop: threading.Event,
    ) -> None:
        self._stage = stage
        self._directory = directory
        self._stop = stop
        self._left = threading.Event()
        self._report = Report()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Beside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left.set()
        if self._thread is not None:
            self._thread.join()

    def begin(self) -> None:
        """Begin with it, in a thread."""
        self._thread = threading.Thread(target=self._run, name="beside")
        self._thread.start()

    def tell(self, report: Report) -> None:
        """Wait until it is through, and say what it has found."""
        if self._thread is None:
            self._run()
        else:
            self._thread.join()
        report.take(self._report.damage)
        report.notes += self._report.notes
        report.complete = report.complete and self._report.complete
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with contextlib.closing(opening.connect(self._directory)) as connection:
                connection.set_progress_handler(self._is_over, opening.OPERATIONS)
                self._stage(connection, self._report)
        except BaseException as error:  # noqa: BLE001 - raised where it is asked for
            self._error = error

    def _is_over(self) -> bool:
        return self._stop.is_set() or self._left.is_set()
