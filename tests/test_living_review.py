"""A test of code that reads the living review fails, so that a new case there breaks none."""

from __future__ import annotations

import pytest
from conftest import ROOT

import metaimt


@pytest.mark.parametrize("name", ["cases/review.yaml", "outputs/results.json"])
def test_it_cannot_be_opened_here(name: str) -> None:
    with pytest.raises(AssertionError, match="runs on the frozen review"):
        (ROOT / name).read_bytes()


def test_nor_analysed() -> None:
    with pytest.raises(AssertionError, match="runs on the frozen review"):
        metaimt.run(ROOT / "cases")
