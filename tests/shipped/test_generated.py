"""What is generated in this project is as it would be written now; `python tools/regenerate.py` writes it anew."""

from __future__ import annotations

import sys

import pytest
from conftest import ROOT

sys.path.append(str(ROOT / "tools"))

import regenerate

QUICK = ("schema", "case_format", "rules", "paper", "simulation", "performance", "frozen")
"""The others take a build or many commands: the gate does those by itself, in the environment that README makes."""


@pytest.mark.parametrize("name", QUICK)
def test_it_is_as_it_would_be_written(name: str) -> None:
    assert sorted(regenerate.stale([name])) == [], "python tools/regenerate.py"


def test_every_part_is_checked_here_or_by_the_gate() -> None:
    assert set(regenerate.PARTS) == {*QUICK, "outputs", "notebook", "documents"}


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert regenerate.main(["rule"]) == 2
    assert "rule is not one of schema, case_format, rules" in capsys.readouterr().err


def test_a_file_that_differs_is_named_and_written(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """On a made-up part, so that nothing of the project is touched."""
    monkeypatch.setattr(regenerate, "ROOT", tmp_path)
    monkeypatch.setattr(regenerate, "PARTS", {"part": lambda: {"folder/made-up.txt": b"new"}})
    assert regenerate.main(["--check"]) == 1
    assert regenerate.main([]) == 0
    assert regenerate.main(["--check"]) == 0
