"""The tables of a simulation, cell by cell. The figures are made up."""

from __future__ import annotations

from typing import Any

import pytest

from metaimt.problem import WrongUse
from metaimt.report.simulation_text import (
    as_written,
    read_simulation,
    simulation_in_short,
    simulation_markdown,
    simulation_rows,
    simulation_table,
    summary,
)
from metaimt.report.tables import csv_text
from metaimt.statistics.simulate import RULE, Cell


def cell(**more: Any) -> Cell:
    told: dict[str, Any] = {"structure": "all_evidence", "reports": 12, "rate": 0.5, "correlation": 0.1}
    told |= {"method": RULE, "sets": 400, "coverage": 0.951, "coverage_se": 0.0108, "bias": -0.0123, "bias_se": 0.001}
    return Cell(**(told | {"width": 0.3333, "width_se": 0.002, "target": "met"} | more))


CELLS = (
    cell(),
    cell(rate=0.9, correlation=0.3, coverage=0.921, bias=0.02, width=0.25, target="under"),
    cell(rate=0.95, correlation=0.0, coverage=0.99, bias=-0.03, width=0.4, target="over"),
    cell(method="candidate", coverage=0.96),
    cell(method="candidate", rate=0.9, correlation=0.3, coverage=0.95),
    cell(method="candidate", rate=0.95, correlation=0.0, coverage=0.955),
    cell(structure="strict", reports=5, method="plain", coverage=0.8, target=""),
)


def test_how_many_cells_miss_the_target() -> None:
    assert summary(CELLS).splitlines() == [
        "Target:",
        "all_evidence, rule:",
        "  coverage 92.1 to 99.0 %; 1 under, 1 over, of 3",
        "all_evidence, candidate:",
        "  coverage 95.0 to 96.0 %; 0 under, 0 over, of 3",
    ]


def test_the_table_of_the_terminal() -> None:
    lines = simulation_table(CELLS).splitlines()
    assert lines[0] == "all_evidence: K = 12, 400 sets a cell"
    assert lines[1].split() == ["ORR", "ICC", "method", "coverage", "(se)", "%", "bias", "width", "target"]
    assert [line.split() for line in lines[2:5]] == [
        ["0.50", "0.1", "rule", "95.1", "(1.08)", "-1.2", "33.3"],
        ["0.90", "0.3", "rule", "92.1", "(1.08)", "+2.0", "25.0", "UNDER"],
        ["0.95", "0.0", "rule", "99.0", "(1.08)", "-3.0", "40.0", "OVER"],
    ]
    assert "strict: K = 5, 400 sets a cell" in lines
    assert max(map(len, lines)) <= 80


def test_the_page_of_the_documentation() -> None:
    text = simulation_markdown(CELLS[:6], "metaimt simulate")
    assert "Written by `metaimt simulate` and never by hand; sets a cell: 400." in text
    assert (
        "'rule' is the one in use; not in use, but judged alike, to show why the rule is as it is: 'candidate'." in text
    )
    tables = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    assert tables == [
        "| coverage: ORR, ICC | rule | candidate |",
        "| 0.50, 0.1 | 95.1 ± 1.08 | 96.0 ± 1.08 |",
        "| 0.90, 0.3 | **92.1 ± 1.08** | 95.0 ± 1.08 |",
        "| 0.95, 0.0 | **99.0 ± 1.08** | 95.5 ± 1.08 |",
        "| bias: ORR, ICC | rule | candidate |",
        "| 0.50, 0.1 | -1.2 | -1.2 |",
        "| 0.90, 0.3 | +2.0 | -1.2 |",
        "| 0.95, 0.0 | -3.0 | -1.2 |",
        "| width: ORR, ICC | rule | candidate |",
        "| 0.50, 0.1 | 33.3 | 33.3 |",
        "| 0.90, 0.3 | 25.0 | 33.3 |",
        "| 0.95, 0.0 | 40.0 | 33.3 |",
    ]
    assert "## all_evidence (K = 12)" in text
    assert "'rule' is the one in use.\n" in simulation_markdown(CELLS[:3], "x"), "no candidate"


def test_in_short() -> None:
    lines = simulation_in_short(CELLS).splitlines()
    assert lines[2:5] == [
        "| all evidence (K = 12) | rule | 92.1 to 99.0 | ORR 0.9, ICC 0.3 | -3.0 | 25.0 to 40.0 | 2 of 3 |",
        "| all evidence (K = 12) | candidate | 95.0 to 96.0 | ORR 0.9, ICC 0.3 | -1.2 | 33.3 to 33.3 | 0 of 3 |",
        "| strict (K = 5) | plain | 80.0 to 80.0 | ORR 0.5, ICC 0.1 | -1.2 | 33.3 to 33.3 | not judged |",
    ]
    assert lines[-1] == "The rule covers less than 94 % at: all evidence, ORR 0.9, ICC 0.3: 92.1 %."
    assert simulation_in_short(CELLS[:1]).rstrip().endswith("less than 94 % at: no truth.")
    assert "no truth" in simulation_in_short([cell(coverage=0.94)]), "94 % is not less"


def test_a_table_is_read_back_as_it_was_written() -> None:
    exact = cell(coverage=0.12345678, bias=-0.00000049)
    (row,) = simulation_rows([exact])
    assert (row["coverage"], row["bias"], row["method"]) == (0.123457, -0.0, RULE)
    (again,) = as_written([exact])
    assert (again.coverage, again.reports, again.target) == (0.123457, 12, "met")
    assert as_written(CELLS) == CELLS


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (",12,", ",many,", "table:2:14: reports 'many' is not a number"),  # after all_evidence,
        (",400,", ",inf,", "table:2:30: sets 'inf' is not a number"),
        (",0.951,", ",inf,", "table:2:34: coverage 'inf' is not a number"),
    ],
)
def test_where_a_table_is_wrong(old: str, new: str, place: str) -> None:
    text = csv_text(simulation_rows([cell()])).replace(old, new)
    with pytest.raises(WrongUse, match=f"^{place}; write the file anew: metaimt simulate --out"):
        read_simulation(text, "table")
