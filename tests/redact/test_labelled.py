"""Precision and recall on the labelled set; ``benchmarks/redaction.py`` prints what goes wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks/redaction.py"
FLOOR = 0.97


@pytest.fixture(scope="module")
def measured() -> ModuleType:
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location("redaction_benchmark", BENCHMARK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["card", "iban", "ssn", "cvv", "email", "phone"])
def test_most_is_found_and_little_else(kind: str, measured: ModuleType) -> None:
    """A floor under what was measured, so that no change loses much unseen."""
    score = measured.scores()[kind]
    assert score.labelled >= 30
    assert score.recall >= FLOOR
    assert score.precision >= FLOOR


def test_the_set_is_large(measured: ModuleType) -> None:
    """Enough positives, and more near misses, for a hundredth to mean something."""
    labels = [label for sample in measured.samples() for line in sample.labels for label in line]
    near = sum(label.kind == "no" for label in labels)
    assert len(labels) - near >= 300
    assert near >= 600
