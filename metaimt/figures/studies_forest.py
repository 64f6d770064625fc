"""The forest plot of a table of studies: its rows by group, the pooled rate, and what a new report may show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from metaimt.analyses.comparison import Comparison
from metaimt.analyses.models import Interval
from metaimt.analyses.study_parts import NOT_REPORTED
from metaimt.analyses.wording import estimate_with_interval, fraction, plural
from metaimt.casefiles.studies import Studies, Study
from metaimt.figures.forest_table import ForestRow, ForestTable, capital, zoomed
from metaimt.problem import CannotAnalyse
from metaimt.statistics.prediction import Prediction
from metaimt.statistics.proportion import clopper_pearson

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 300


def studies_table(studies: Studies, found: Comparison, prediction: Prediction) -> ForestTable:
    """A row a report in the order of the table, under its group if the table has one; then pool and prediction.

    Raises CannotAnalyse for more than MOST_ROWS reports, which no page shows.
    """
    if len(studies.rows) > MOST_ROWS:
        raise CannotAnalyse(f"{len(studies.rows)} reports, more than the {MOST_ROWS} that a forest plot can show")
    total, rate = found.crude["clopper-pearson"], found.methods["beta-binomial"].rates[""]
    rows = [*_reports(studies), ForestRow("space", "")]
    counts = (fraction(total.responders, total.evaluable),)
    if isinstance(rate, Interval):
        rows.append(ForestRow("summary", "Mean over reports", counts, rate.estimate, rate.lower, rate.upper))
    likely, *_ = prediction.ranges
    new = f"A new report ({100 * likely.level:g} %)"
    rows.append(ForestRow("prediction", new, (), lower=likely.lower, upper=likely.upper))
    return ForestTable(
        title=found.name,
        label_heading="Report",
        column_headings=("x/n",),
        interval_heading="Rate [95 % interval]",
        rows=tuple(rows),
        axis_label="Rate (%)",
        reference=rate.estimate if isinstance(rate, Interval) else None,
        reference_label="Mean over reports",
        words={"strict": "A report"},
        axis=zoomed((row.lower, row.upper) for row in rows if row.lower is not None and row.upper is not None),
        footnotes=(
            f"Exact (Clopper-Pearson) intervals of the reports; mean: {found.methods['beta-binomial'].method}. The "
            f"{100 * likely.level:g} % prediction interval is of the true rate of a new report and largely the prior.",
        ),
    )


def _reports(studies: Studies) -> Iterator[ForestRow]:
    if studies.grouping is None:
        yield from map(_report, studies.rows)
        return
    groups: dict[str, list[Study]] = {}
    for study in studies.rows:
        groups.setdefault(study.group or NOT_REPORTED, []).append(study)
    for at, (name, rows) in enumerate(groups.items()):
        yield from [ForestRow("space", "")] if at else []
        yield ForestRow("heading", capital(name))
        yield from map(_report, rows)


def _report(study: Study) -> ForestRow:
    share = clopper_pearson(study.responders, study.evaluable)
    counts, label = fraction(study.responders, study.evaluable), study.id
    return ForestRow("report", label, (counts,), share.estimate, share.lower, share.upper, study.evaluable)


def studies_figure(studies: Studies, found: Comparison, prediction: Prediction) -> tuple[Figure, str, str]:
    """The figure, its title, and its alternative text."""
    from metaimt.figures.forest import draw_forest

    title = f"Forest plot of {found.name}"
    crude = estimate_with_interval(found.crude["clopper-pearson"])
    alt = f"{title}: {plural(found.reports, 'report')}; over patients {crude}, exact."
    return draw_forest(studies_table(studies, found, prediction)), title, alt
