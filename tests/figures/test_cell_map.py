"""The map of counts by what is drawn. Every name and number is made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drawn import EXTREME_LABELS, assert_tidy, marks, written

from metaimt.figures.cell_map import CellMap, draw_cell_map


def table(number: int, **changes: Any) -> CellMap:
    names, across = tuple(f"Made up {n}" for n in range(number)), tuple(f"drug {n}" for n in range(5))
    cells = {
        (row, column): ((n * k) % (n + k + 1), n + k + 1)
        for n, row in enumerate(names)
        for k, column in enumerate(across)
        if (n + k) % 3
    }
    totals = dict.fromkeys(names, "10/20")
    made_up = CellMap("Made up", "Partner", names, across, cells, "made up", row_totals=totals, total="20/40")
    return replace(made_up, **changes)


@pytest.mark.parametrize("rows", [1, 2, 60, pytest.param(400, marks=pytest.mark.slow)])
def test_any_number_of_rows_is_tidy(rows: int) -> None:
    figure = draw_cell_map(table(rows))
    assert_tidy(figure)
    discs = [name for name in marks(figure) if not name.endswith("part")]
    assert len(discs) == len(table(rows).cells)


@pytest.mark.parametrize("label", EXTREME_LABELS)
def test_any_label_is_tidy_in_every_place(label: str) -> None:
    cells = {(label, label): (1, 1), ("other", "drug"): (123456, 1234567)}
    around: dict[str, Any] = {"title": label, "corner": label, "subtitle": label, "footnotes": (label,)}
    assert_tidy(draw_cell_map(table(1, rows=(label, "other"), columns=(label, "drug"), cells=cells, **around)))


def test_every_cell_says_its_counts_and_an_empty_one_nothing() -> None:
    made_up = table(1, rows=("a", "b"), columns=("x", "y"), cells={("a", "x"): (1, 1), ("b", "y"): (0, 3)})
    figure = draw_cell_map(made_up)
    assert {"1/1", "0/3"} <= set(written(figure))
    found = marks(figure)
    assert {"cell-0-0", "cell-0-0-part", "cell-1-1"} == set(found)  # nobody of three: no part is filled


def test_a_disc_of_one_patient_is_smaller_than_one_of_many() -> None:
    made_up = table(1, rows=("a",), columns=("x", "y"), cells={("a", "x"): (1, 1), ("a", "y"): (30, 40)})
    one, many = (marks(draw_cell_map(made_up))[name].get_window_extent() for name in ("cell-0-0", "cell-0-1"))
    assert one.width < many.width / 3
