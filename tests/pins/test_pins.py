"""Nothing that the frozen review gives has changed, while the house is rebuilt. Patients of the pins are published."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import metaimt
from conftest import Built
from pins import KEPT, output_pins, problems_pin, terminal_pin


def kept(name: str) -> str:
    return (KEPT / name).read_text(encoding="utf-8")


def test_outputs(built: Built) -> None:
    found = output_pins(built.out)
    files = {path.relative_to(KEPT).as_posix() for path in KEPT.rglob("*") if path.is_file()}
    assert files == {*found, "terminal.txt", "problems.txt"}
    assert [name for name, text in found.items() if text != kept(name)] == []


@pytest.mark.slow
def test_what_commands_print(built: Built) -> None:
    assert terminal_pin(metaimt, [one.id for one in built.results.library.reports]) == kept("terminal.txt")


def test_problems_of_the_examples() -> None:
    assert problems_pin() == kept("problems.txt")


def test_the_folder_says_how_it_is_made() -> None:
    assert "pins.py" in Path(__file__).with_name("README.md").read_text(encoding="utf-8")
