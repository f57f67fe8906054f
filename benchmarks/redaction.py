"""How much of what should be hidden is hidden, and how much else: precision and recall by kind.

The labelled set is in ``tests/redact/labelled``: short pieces of calls, in which ``‹card:4111 …›``
is what must be hidden, and ``‹no:…›`` what looks like it and must not. The digits are made up, or
numbers that were set apart for tests and films.

    python benchmarks/redaction.py            # the table
    python benchmarks/redaction.py --wrong    # and everything that went wrong

A labelled stretch is *found* if every letter and digit of it is hidden as its kind. A stretch that
is hidden is *right* if at least half of it is labelled with its kind.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from convarchive.redact import FINDERS, Redactor, kinds
from convarchive.redact.redactor import Known, Mark, marks
from convarchive.redact.script import Line, Script

LABELLED = Path(__file__).parents[1] / "tests/redact/labelled"

_LABEL = re.compile("‹([a-z]+):([^›]*)›")
_HALF = 0.5


class Sample(NamedTuple):
    """A piece of a call, and what is what in it."""

    file: str
    script: Script
    labels: list[list[Mark]]
    """For each line; of the kind ``no`` what must not be hidden."""


class Score(NamedTuple):
    """How it went with one kind."""

    labelled: int
    found: int
    hidden: int
    right: int

    @property
    def recall(self) -> float:
        """The share of what should be hidden that is."""
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """The share of what is hidden that should be."""
        return self.right / self.hidden if self.hidden else 1.0


def samples() -> Iterator[Sample]:
    """The labelled set."""
    for path in sorted(LABELLED.glob("*.jsonl")):
        for row in path.read_text(encoding="utf-8").splitlines():
            sample = json.loads(row)
            lines, labels = [], []
            for line in sample["lines"]:
                side, _, text = line.partition(": ")
                plain, marked = _unmarked(text)
                lines.append(Line(side, plain))
                labels.append(marked)
            script = Script(lines, sample["language"], sample.get("caller"))
            yield Sample(path.stem, script, labels)


def scores(wrong: list[str] | None = None) -> dict[str, Score]:
    """Each kind's score; what went wrong is told to the list."""
    redactor = Redactor(kinds(list(FINDERS)))
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in FINDERS}
    for sample in samples():
        known = Known()
        if sample.script.caller:
            known.add("phone", sample.script.caller)
        hidden = marks(redactor.find(sample.script, known))
        for at, labels in enumerate(sample.labels):
            text = sample.script.lines[at].text
            for told in _compared(text, labels, hidden.get(at, ()), counts):
                if wrong is not None:
                    wrong.append(f"{sample.file}: {told}\n    {text}")
    return {
        kind: Score(count["labelled"], count["found"], count["hidden"], count["right"])
        for kind, count in counts.items()
    }


def _compared(
    text: str, labels: list[Mark], hidden: Sequence[Mark], counts: dict[str, Counter[str]]
) -> Iterator[str]:
    """Counts a line; what went wrong in it."""
    for label in labels:
        if label.kind == "no":
            continue
        covered = {
            at for mark in hidden if mark.kind == label.kind for at in range(mark.start, mark.end)
        }
        said = [at for at in range(label.start, label.end) if text[at].isalnum()]
        counts[label.kind]["labelled"] += 1
        if covered.issuperset(said):
            counts[label.kind]["found"] += 1
        else:
            yield f"missed {label.kind}: {text[label.start : label.end]}"
    for mark in hidden:
        meant = {at for label in labels if label.kind == mark.kind
                 for at in range(label.start, label.end)}  # fmt: skip
        within = sum(at in meant for at in range(mark.start, mark.end))
        counts[mark.kind]["hidden"] += 1
        if within >= _HALF * (mark.end - mark.start):
            counts[mark.kind]["right"] += 1
        else:
            yield f"wrongly {mark.kind}: {text[mark.start : mark.end]}"


def _unmarked(text: str) -> tuple[str, list[Mark]]:
    plain, marked, at = "", [], 0
    for match in _LABEL.finditer(text):
        plain += text[at : match.start()]
        marked.append(Mark(len(plain), len(plain) + len(match[2]), match[1]))
        plain += match[2]
        at = match.end()
    return plain + text[at:], marked


def main() -> None:
    """Print the table."""
    from common import print_table

    wrong: list[str] = []
    rows = [
        [kind, str(score.labelled), f"{score.recall:.3f}", str(score.hidden),
         f"{score.precision:.3f}"]
        for kind, score in scores(wrong).items()
    ]  # fmt: skip
    near = sum(label.kind == "no" for s in samples() for labels in s.labels for label in labels)
    print_table(["kind", "labelled", "recall", "hidden", "precision"], rows)
    print(f"\n{near} near misses are in the set.")
    if "--wrong" in sys.argv:
        print("\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
