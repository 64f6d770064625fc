"""The figure of a simulation: every cell of the headline stands at its coverage, wherever the cells come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metaimt.figures.save import figure_bytes
from metaimt.figures.simulation import draw_simulation
from metaimt.report.simulation_text import as_written
from metaimt.statistics.simulate import LEVEL, SHAPES, Cell, Structure, exchangeable, simulate

RATES, CORRELATIONS = (0.5, 0.9), (0.0, 0.3)


@pytest.fixture(scope="module")
def cells() -> tuple[Cell, ...]:
    made_up = [Structure("made_up", (1, 1, 4, 6)), Structure("$made$ <up>", (1,) * 9 + (8,))]
    return simulate(made_up, exchangeable(RATES, CORRELATIONS), sets=20)


def test_every_cell_stands_at_its_coverage(cells: tuple[Cell, ...]) -> None:
    other = replace(cells[0], method="another", coverage=0.123)
    panels = draw_simulation([*cells, other]).axes[1:]
    drawn = {line.get_gid(): np.asarray(line.get_ydata()) for panel in panels for line in panel.lines if line.get_gid()}
    expected = {
        f"{i}-{j}-{k}": [c.coverage for c in cells if (c.structure, c.truth, c.correlation) == (name, truth, icc)]
        for i, name in enumerate(dict.fromkeys(cell.structure for cell in cells))
        for j, truth in enumerate(SHAPES)
        for k, icc in enumerate(CORRELATIONS)
    }
    assert len(panels) == 2
    assert {gid: list(values) for gid, values in drawn.items()} == expected
    assert all(any(np.array_equal(line.get_ydata(), [LEVEL] * 2) for line in panel.lines) for panel in panels)


def test_truths_differ_without_colour(cells: tuple[Cell, ...]) -> None:
    lines = [line for line in draw_simulation(cells).axes[1].lines if line.get_marker() not in {"None", None, ""}]
    assert len({line.get_marker() for line in lines}) == len(SHAPES)


def test_the_same_cells_give_the_same_bytes(cells: tuple[Cell, ...]) -> None:
    once, again = (figure_bytes(draw_simulation(as_written(cells)), "svg") for _ in range(2))
    assert once == again


def test_no_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="here are none"):
        draw_simulation([])
