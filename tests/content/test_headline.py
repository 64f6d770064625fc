"""The headline table is made once: page, report and terminal print the same rows."""

from __future__ import annotations

from conftest import MakeReview, course, patient, report

from metaimt.analyses.results import Results
from metaimt.content.headline import headline_rows, pools_section
from metaimt.content.section import Table
from metaimt.report.text import pooled_table
from metaimt.review import run
from metaimt.statistics.outcome import NotRun


def test_each_row_is_a_line_of_the_table_and_of_the_terminal(shipped: Results) -> None:
    rows = list(headline_rows(shipped.response))
    (table,) = [block for block in pools_section(shipped).blocks if isinstance(block, Table)]
    assert len(rows) == len(table.rows)
    for found, line in zip(rows, table.rows, strict=True):
        cells = (found.fraction, str(found.reports), found.percentage, found.limits)
        assert cells == tuple(str(cell.content) for cell in line.cells[1:5])
        assert line.opens is found.counts
    lines = pooled_table(shipped.response).splitlines()
    shown = [row for row in rows if not isinstance(row.rate, NotRun)]
    printed = [
        row for row in shown if row.in_headline or row.kind in {"pool", "local"} or (row.kind == "row" and row.rate)
    ]
    for found in printed:
        assert any(found.fraction in line and found.limits in line for line in lines), found.label


def test_the_order_and_what_stands_under_the_headline(make_review: MakeReview) -> None:
    """Two made-up case reports: no pool of a design, nothing to adjust, nobody of a local cohort."""
    found = run(make_review(report("example-a", patient(course("PR"))), report("example-b", patient(course("SD")))))
    rows = list(headline_rows(found.response))
    assert next(row.kind for row in rows if row.in_headline) == "pool"
    assert {row.kind for row in rows} <= {"pool", "stratum", "adjusted", "row"}
    (adjusted,) = [row for row in rows if row.kind == "adjusted"]
    assert isinstance(adjusted.rate, NotRun) and adjusted.percentage == adjusted.rate.wording()
    assert (adjusted.fraction, adjusted.reports, adjusted.limits, adjusted.method(short=True)) == ("", "", "", "")
    nobody = next(row for row in rows if row.kind == "stratum" and not row.counts.evaluable)
    assert (nobody.fraction, nobody.percentage, nobody.limits) == ("0/0", "none evaluable", "")
