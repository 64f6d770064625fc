"""The rows of the forest plot of a table of studies, which needs no case files."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.breakdown import NOT_REPORTED
from metaimt.analyses.comparison import Comparison
from metaimt.analyses.models import Interval
from metaimt.casefiles.studies import Studies, Study
from metaimt.content.forest import HEADLINE_MODEL
from metaimt.content.forest_row import SPACE, ForestRow, prediction_row, rate_row
from metaimt.content.labels import capital, r_of_n
from metaimt.statistics.prediction import Predicted, Prediction
from metaimt.statistics.proportion import clopper_pearson


def study_rows(studies: Studies, found: Comparison, prediction: Predicted) -> Iterator[ForestRow]:
    """A row a report in the order of the table, under its group if the table has one; then the mean and prediction."""
    groups: dict[str, list[Study]] = {}
    for study in studies.rows:
        groups.setdefault("" if studies.grouping is None else study.group or NOT_REPORTED, []).append(study)
    for name, inside in groups.items():
        yield from [ForestRow("heading", capital(name))] if name else []
        for study in inside:
            exact = clopper_pearson(study.responders, study.evaluable)
            yield rate_row("report", study.id, (r_of_n(study),), exact, size=study.evaluable)
        yield SPACE
    rate = found.methods[HEADLINE_MODEL].rates[""]
    if isinstance(rate, Interval):
        yield rate_row("summary", mean_label(found), (r_of_n(found.crude["clopper-pearson"]),), rate)
    if isinstance(prediction, Prediction):
        yield prediction_row(f"A new report ({100 * prediction.ranges[0].level:g} %)", prediction)


def mean_label(found: Comparison) -> str:
    """What the rate of a table of studies is: of one report that of its patients."""
    return "Mean over reports" if found.reports > 1 else "These patients"
