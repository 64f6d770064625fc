"""The figure of a simulation: every cell stands at its coverage, and the bytes do not depend on where it came from."""

from __future__ import annotations

import numpy as np
import pytest

from metaimt.figures.save import figure_bytes
from metaimt.figures.simulation import NOMINAL, draw_simulation
from metaimt.report.simulation_text import as_written, read_simulation, simulation_rows
from metaimt.report.tables import csv_text
from metaimt.statistics.simulate import Cell, Structure, simulate, target_band


@pytest.fixture(scope="module")
def cells() -> tuple[Cell, ...]:
    made_up = [Structure("made_up", (1, 1, 4, 6)), Structure("$made$ <up>", (1,) * 9 + (8,))]
    return as_written(simulate(made_up, sets=20, rates=(0.5, 0.9), correlations=(0.0, 0.3)))


def test_every_cell_stands_at_its_coverage(cells: tuple[Cell, ...]) -> None:
    figure = draw_simulation(cells)
    panels = figure.axes[1:]
    assert len(panels) == 2
    methods = list(dict.fromkeys(cell.method for cell in cells))
    drawn = {line.get_gid(): np.asarray(line.get_ydata()) for panel in panels for line in panel.lines if line.get_gid()}
    expected = {
        f"{i}-{j}-{k}": [c.coverage for c in cells if (c.structure, c.method, c.correlation) == (name, method, icc)]
        for i, name in enumerate(dict.fromkeys(cell.structure for cell in cells))
        for j, method in enumerate(methods)
        for k, icc in enumerate((0.0, 0.3))
    }
    assert {gid: list(values) for gid, values in drawn.items()} == expected
    assert all(any(np.array_equal(line.get_ydata(), [NOMINAL] * 2) for line in panel.lines) for panel in panels)


def test_methods_differ_without_colour(cells: tuple[Cell, ...]) -> None:
    lines = [line for line in draw_simulation(cells).axes[1].lines if line.get_marker() not in {"None", None, ""}]
    markers = [line.get_marker() for line in lines]
    assert len(set(markers)) == len({cell.method for cell in cells})


def test_the_target_is_that_of_the_simulation(cells: tuple[Cell, ...]) -> None:
    for panel, reports in zip(draw_simulation(cells).axes[1:], (4, 10), strict=True):
        band = panel.patches[0].get_extents().transformed(panel.transData.inverted())
        assert (band.y0, band.y1) == pytest.approx(target_band(reports, 20), abs=1e-6)


def test_from_a_table_the_same_bytes(cells: tuple[Cell, ...]) -> None:
    again = read_simulation(csv_text(simulation_rows(cells)), "made-up.csv")
    assert again == cells
    assert figure_bytes(draw_simulation(again), "svg") == figure_bytes(draw_simulation(cells), "svg")


def test_no_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="methods"):
        draw_simulation([])
