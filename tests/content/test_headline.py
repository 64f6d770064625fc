"""The headline table is made once: page, report and terminal print the same rows."""

from __future__ import annotations

from conftest import MakeReview, course, patient, report

from metaimt.analyses.results import Results
from metaimt.content.headline import headline_rows
from metaimt.report.markdown import report_content
from metaimt.report.page_top import headline_table
from metaimt.report.text import pooled_table
from metaimt.review import run
from metaimt.statistics.outcome import NotRun


def test_each_row_is_the_same_everywhere(shipped: Results) -> None:
    rows = [row for row in headline_rows(shipped.response) if not isinstance(row.rate, NotRun)]
    page = list(headline_table(shipped))
    content = report_content(shipped)
    document = [*content["pools"], *content["rows"]]
    assert len(rows) == len(page) == len(document)
    for row, shown, written in zip(rows, page, document, strict=True):
        cells = (row.fraction, row.reports, row.percentage, row.limits)
        assert cells == tuple(shown[key] for key in ("fraction", "reports", "orr", "interval"))
        assert cells == tuple(written[key] for key in ("fraction", "reports", "orr", "interval"))
        assert shown["behind"] is row.counts
    lines = pooled_table(shipped.response).splitlines()
    printed = [
        row for row in rows if row.in_headline or row.kind in {"pool", "local"} or (row.kind == "row" and row.rate)
    ]
    for row in printed:
        assert any(row.fraction in line and row.limits in line for line in lines), row.label


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
