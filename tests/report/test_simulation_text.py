"""The tables of a simulation, cell by cell. The figures are made up."""

from __future__ import annotations

from typing import Any

import pytest

from metaimt.problem import WrongUse
from metaimt.report.cells import csv_text
from metaimt.report.simulation_text import (
    as_written,
    failures,
    read_simulation,
    simulation_markdown,
    simulation_rows,
    simulation_table,
    target_lines,
)
from metaimt.statistics.simulate import BETA, HEADLINE, MEAN, TWO_POINT, Cell


def cell(**more: Any) -> Cell:
    told: dict[str, Any] = {"structure": "made up", "reports": 12, "truth": BETA, "rate": 0.5, "correlation": 0.1}
    told |= {"estimand": MEAN, "method": HEADLINE, "sets": 4000, "coverage": 0.951, "coverage_se": 0.0034}
    return Cell(**(told | {"bias": -0.0123, "bias_se": 0.001, "width": 0.3333, "width_se": 0.002} | more))


CELLS = (
    cell(),
    cell(rate=0.9, coverage=0.931, coverage_se=0.0029, bias=0.02, bias_se=0.0008, width=0.25),
    cell(truth=TWO_POINT, correlation=0.5, coverage=0.85),
    cell(structure="few", reports=4, coverage=0.8),
    cell(method="crude", sets=300, coverage=0.8, coverage_se=0.0231),
    cell(truth="odds x 3", estimand="larger", coverage=0.2),
)


def test_the_table_of_the_terminal() -> None:
    lines = simulation_table(CELLS).splitlines()
    assert lines[:2] == ["made up: 12 reports, 4,000 sets a cell", "headline, mean over reports"]
    assert [line.split() for line in lines[3:6]] == [
        ["truth", "ICC", "50", "90", "mean", "bias", "width"],
        ["beta-binomial", "0.1", "95.1", "93.1", "94.1", "+2.0", "25-33"],
        ["two-point", "0.5", "85.0", "85.0", "-1.2", "33-33"],
    ]
    assert lines[lines.index("headline, larger") + 3].split() == [
        "odds",
        "x",
        "3",
        "0.1",
        "20.0",
        "20.0",
        "-1.2",
        "33-33",
    ]
    assert "standard error of coverage at most 0.34 points, of bias 0.10" in lines
    assert max(map(len, lines)) <= 80


def test_the_target_is_of_the_mean_and_in_a_pool_of_each_cell() -> None:
    assert target_lines(CELLS)[2:] == [
        "made up: met",
        "  lowest mean 94.1 % (beta-binomial, ICC 0.1)",
        "  lowest cell 93.1 % (se 0.29; beta-binomial, ORR 0.9, ICC 0.1)",
        "few: no target",
        "  lowest mean 80.0 % (beta-binomial, ICC 0.1)",
        "  lowest cell 80.0 % (se 0.34; beta-binomial, ORR 0.5, ICC 0.1)",
    ]
    low_mean = [cell(coverage=0.9299), cell(rate=0.9, coverage=0.93)]
    low_cell = [cell(coverage=0.9199), cell(rate=0.9, coverage=0.99)]
    assert target_lines(low_mean)[2] == "made up: MISSED"
    assert target_lines(low_cell)[2] == "made up: MISSED"
    assert target_lines(low_cell, pools=["another"])[2] == "made up: met"


def test_where_each_method_fails() -> None:
    start, _, *lines = failures(CELLS).splitlines()
    assert start.endswith("in fewer than 90.0 % of the sets (“low”):")
    assert lines == [
        "- **headline**, for the mean over reports, reports that differ at random: low in 2 of 4 cells; "
        "lowest 80.0 % (few, beta-binomial, ORR 0.5, ICC 0.1).",
        "- **headline**, for the larger, odds x 3: low in 1 of 1 cells; "
        "lowest 20.0 % (made up, odds x 3, ORR 0.5, ICC 0.1).",
        "- **crude**, for the mean over reports, reports that differ at random: low in 1 of 1 cells; "
        "lowest 80.0 % (made up, beta-binomial, ORR 0.5, ICC 0.1).",
    ]
    assert "low in 1 of 3 cells (few)" in failures([*CELLS[:2], CELLS[3]])
    assert "low in none of 1 cells" in failures(CELLS[:1])


def test_the_page_of_the_documentation() -> None:
    text = simulation_markdown(CELLS, "metaimt simulate")
    assert f"\n\n{failures(CELLS)}\n\n" in text
    assert "Written by `metaimt simulate` and never by hand." in text
    assert "With 4,000 sets a cell: standard error of coverage at most 0.34 points, of bias 0.10" in text
    tables = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    assert tables == [
        "| method | sets | aim | truth | ICC | 0.5 | 0.9 | mean | bias | width |",
        "| headline | 4,000 | mean over reports | beta-binomial | 0.1 | 95.1 | 93.1 | 94.1 | +2.0 | 25-33 |",
        "| headline | 4,000 | mean over reports | two-point | 0.5 | **85.0** |  | 85.0 | -1.2 | 33-33 |",
        "| crude | 300 | mean over reports | beta-binomial | 0.1 | **80.0** |  | 80.0 | -1.2 | 33-33 |",
        "| headline | 4,000 | larger | odds x 3 | 0.1 | **20.0** |  | 20.0 | -1.2 | 33-33 |",
        "| method | sets | aim | truth | ICC | 0.5 | mean | bias | width |",
        "| headline | 4,000 | mean over reports | beta-binomial | 0.1 | **80.0** | 80.0 | -1.2 | 33-33 |",
    ]


def test_a_table_is_read_back_as_it_was_written() -> None:
    exact = cell(coverage=0.12345678, bias=-0.00000049)
    (row,) = simulation_rows([exact])
    assert (row["coverage"], row["bias"], row["method"]) == (0.123457, -0.0, HEADLINE)
    assert as_written([exact])[0].coverage == 0.123457
    assert as_written(CELLS) == CELLS


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (",12,", ",many,", "table:2:9: reports 'many' is not a number"),
        (",0.951,", ",inf,", "table:2:66: coverage 'inf' is not a number"),
    ],
)
def test_where_a_table_is_wrong(old: str, new: str, place: str) -> None:
    text = csv_text(simulation_rows([cell()])).replace(old, new)
    with pytest.raises(WrongUse, match=f"^{place}; write the file anew: metaimt simulate --out"):
        read_simulation(text, "table")
