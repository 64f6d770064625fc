"""For whoever works with pandas: a review as frames, and a pool of any counts, to be filtered and pooled again.

Nothing here computes: it hands frames to the analyses and shows what they return.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from metaimt.analyses.comparison import Comparison, compare_studies
from metaimt.analyses.models import PRIORS, Interval, Priors
from metaimt.analyses.pooled_response import PooledResponse, pooled_response
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.studies import Studies, Study
from metaimt.casefiles.version_files import version_key
from metaimt.evidence.selection import Selection, select, unit_rows
from metaimt.files import found_folder
from metaimt.problem import WrongUse, check_name
from metaimt.report.methods_text import studies_text
from metaimt.review import Loaded, load, run
from metaimt.statistics.prediction import Predicted, predict_new
from metaimt.versions.stored import SHIPPED, read_stored, stored_versions, unpack

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results

COLUMNS: Final = {"x": ("x", "r", "responders"), "n": ("n", "evaluable"), "report": ("report", "id", "study")}
"""Columns that are taken for the responders, the evaluable patients and the report, the first that is there."""
_COUNTED = "counted_in"


@dataclass(frozen=True)
class Review:
    """A review that was read and checked. `cases` is what its files say, `units` where each is counted."""

    loaded: Loaded

    @property
    def library(self) -> Library:
        """The files as read; `library.to_frame()` is `cases`."""
        return self.loaded.library

    @property
    def protocol(self) -> Protocol:
        """review.yaml."""
        return self.loaded.protocol

    @cached_property
    def selection(self) -> Selection:
        """Every unit, placed by the protocol."""
        return select(self.library, self.protocol)

    @cached_property
    def response(self) -> PooledResponse:
        """The answer: the pools, their strata and the separate rows."""
        return pooled_response(self.selection, self.protocol)

    @cached_property
    def results(self) -> Results:
        """Every analysis, as `metaimt.run` computes it; takes seconds."""
        return run(self.library)

    @property
    def cases(self) -> pd.DataFrame:
        """One row a course or arm: what the case files say."""
        return self.library.to_frame()

    @property
    def units(self) -> pd.DataFrame:
        """One row a course or arm: where it is counted, and why not; as tables/units.csv."""
        import pandas as pd

        return pd.DataFrame(list(unit_rows(self.selection)))

    def members(self, name: str | None = None) -> pd.DataFrame:
        """The rows of `units` that are counted in a pool or separate row, by default the headline.

        Raises WrongUse, naming the nearest, for an unknown one.
        """
        wanted = name or self.selection.pools[0]
        check_name("pool", wanted, (*self.selection.pools, *self.selection.rows))
        return self.units[[placed.is_in(wanted) for placed in self.selection.placed]]

    def pool(self, name: str | None = None, *, by: str | None = None) -> Pooled:
        """One pool of the review, by the priors of its protocol: the number of the headline, ready to be filtered."""
        priors: Priors = (self.protocol.priors.mu, self.protocol.priors.rho)
        title = self.protocol.label(name or self.selection.pools[0])
        return _pooled(self.members(name), by=by, name=title, priors=priors)


def open_review(review: Path | str | None = None) -> Review:
    """A review folder, or a frozen version such as "2026.1" of the review here or in a folder above.

    A version that it lacks may be one that this package brings along. Without a name the review that is found. Raises
    WrongUse (no such folder or version), Blocked (errors in files), CannotAnalyse (no protocol, no case files).
    """
    if review is None:
        return Review(load(found_folder()))
    if version_key(str(review)) is None or Path(review).is_dir():
        return Review(load(review))
    here, version = found_folder(), str(review)
    elsewhere = version not in stored_versions(here) and version in stored_versions(SHIPPED)
    stored = read_stored(SHIPPED if elsewhere else here, version)
    with TemporaryDirectory(prefix="metaimt-") as temporary:
        folder = Path(temporary) / "cases"
        unpack(stored.texts, folder)
        return Review(load(folder))


@dataclass(frozen=True)
class Pooled:
    """Counts pooled by the model of the headline, one cluster a report.

    rows: the frame that was pooled. not_evaluable: rows of nobody evaluable, which add nothing. Rates are proportions;
    the estimate is the mean over reports and its interval holds 95 %, of one report r/n and the exact interval.
    """

    rows: pd.DataFrame
    studies: Studies
    comparison: Comparison
    prediction: Predicted
    not_evaluable: int
    by: str | None
    columns: dict[str, str | None]
    priors: Priors

    @property
    def responders(self) -> int:
        """Patients with the outcome."""
        return sum(study.responders for study in self.studies.rows)

    @property
    def evaluable(self) -> int:
        """Patients who could have it."""
        return sum(study.evaluable for study in self.studies.rows)

    @property
    def reports(self) -> int:
        """Reports with an evaluable patient; with `by`, a report counts once a level."""
        return len(self.studies.rows)

    @property
    def rate(self) -> Interval:
        """Estimate, lower and upper limit. Raises WrongUse where the counts do not identify them."""
        found = self.comparison.methods["beta-binomial"].rates[""]
        if not isinstance(found, Interval):
            raise WrongUse("the counts identify no rate; print the result for the reason")
        return found

    def where(self, condition: Callable[[pd.DataFrame], Any] | Any) -> Pooled:
        """The rows that meet a condition, pooled again: a boolean column, or a function of the frame that gives one.

        Raises WrongUse if nobody evaluable is left.
        """
        kept = self.rows[condition(self.rows) if callable(condition) else condition]
        return _pooled(kept, by=self.by, name=self.studies.name, priors=self.priors, **self.columns)

    def to_frame(self) -> pd.DataFrame:
        """What was pooled: report, x, n, and with `by` the level."""
        import pandas as pd

        level = {} if self.by is None else {self.by: [study.group for study in self.studies.rows]}
        counts = {"x": [s.responders for s in self.studies.rows], "n": [s.evaluable for s in self.studies.rows]}
        return pd.DataFrame({"report": [study.id for study in self.studies.rows], **counts, **level})

    def plot(self) -> Figure:
        """The forest plot, which a notebook shows. Raises CannotAnalyse for more reports than a page shows."""
        from metaimt.figures.review_forest import studies_figure
        from metaimt.figures.save import in_notebook

        return in_notebook(studies_figure(self.studies, self.comparison, self.prediction)[0])

    def __str__(self) -> str:
        none = f"\n\nRows of nobody evaluable: {self.not_evaluable}" if self.not_evaluable else ""
        return studies_text(self.comparison, self.prediction) + none

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def pool(
    data: pd.DataFrame | Sequence[int],
    n: Sequence[int] | str | None = None,
    *,
    x: str | None = None,
    report: str | Sequence[str] | None = None,
    by: str | Sequence[str | None] | None = None,
    name: str = "Pooled",
    priors: Priors = PRIORS,
) -> Pooled:
    """Pool x of n patients, one cluster a report: `pool(frame)` or `pool([3, 5], [4, 9])`.

    Args:
        data: a frame, or the responders of each report.
        n: of a frame the column of evaluable patients, else these.
        x, report, by: of a frame the columns of responders, report and group; without a name those of COLUMNS. Of
            lists, the ids and groups of the reports. Rows of one report (and level) are one cluster.
        name: of the data.
        priors: Beta parameters of the mean and of the correlation within a report.

    Raises:
        WrongUse: a column that is not there, counts that are none, nobody evaluable, or units of a review that no one
            pool counts, which could count patients twice.
    """
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        told = {"n": n, "report": report, "by": by}
        if wrong := next(
            (key for key, value in told.items() if value is not None and not isinstance(value, str)), None
        ):
            raise WrongUse(f"of a frame, {wrong} is the name of a column")
        return _pooled(data, by=by, name=name, priors=priors, x=x, n=n, report=report)  # type: ignore[arg-type]
    if n is None or isinstance(n, str):
        raise WrongUse("pool([3, 5], [4, 9]): give the evaluable patients of each report as well")
    lists: dict[str, Any] = {"x": list(data), "n": list(n)}
    lists["report"] = list(map(str, report)) if report is not None else [str(k) for k in range(1, len(lists["x"]) + 1)]
    lists |= {"group": list(by)} if by is not None else {}
    if len({len(column) for column in lists.values()}) > 1:
        raise WrongUse(
            f"lists of one length are pooled, not of {', '.join(f'{k}: {len(v)}' for k, v in lists.items())}"
        )
    return _pooled(pd.DataFrame(lists), by="group" if by is not None else None, name=name, priors=priors)


def _pooled(
    rows: pd.DataFrame,
    *,
    by: str | None,
    name: str,
    priors: Priors,
    x: str | None = None,
    n: str | None = None,
    report: str | None = None,
) -> Pooled:
    groups = [set(text.split("; ")) - {""} for text in rows[_COUNTED]] if _COUNTED in rows.columns else []
    if groups and not set.intersection(*groups):
        said = "no pool of the review counts all of these units, and some repeat patients of others"
        raise WrongUse(f"{said}; take those of one pool: review.members('NAME')")
    asked = {"x": x, "n": n, "report": report}
    at = {key: _column(rows, key, value) for key, value in asked.items()}
    if by is not None and by not in rows.columns:
        raise WrongUse(f"there is no column {by!r}; the columns are {', '.join(map(str, rows.columns))}")
    sums: dict[tuple[str, str | None], tuple[int, int]] = {}
    levels = rows[by] if by is not None else [None] * len(rows)
    nobody = 0
    for place, (r, of, of_report, level) in enumerate(
        zip(rows[at["x"]], rows[at["n"]], rows[at["report"]], levels, strict=True), start=1
    ):
        counted, evaluable = _whole(r, at["x"], place), _whole(of, at["n"], place)
        if counted > evaluable:
            raise WrongUse(f"row {place}: {counted} of {evaluable}; responders are among the evaluable patients")
        nobody += not evaluable
        key = (str(of_report), None if level is None or level != level or level == "" else str(level))  # noqa: PLR0124
        before = sums.get(key, (0, 0))
        sums[key] = before[0] + counted, before[1] + evaluable
    found = tuple(Study(key[0], r, of, None, key[1]) for key, (r, of) in sums.items() if of)
    if not found:
        raise WrongUse("nobody evaluable is left to pool")
    compared = compare_studies(found, by, name=name, models="headline", priors=priors)
    prediction = predict_new([s.responders for s in found], [s.evaluable for s in found], *priors)
    return Pooled(rows, Studies(name, found, by, ()), compared, prediction, nobody, by, asked, priors)


def _column(rows: pd.DataFrame, key: str, asked: str | None) -> str:
    names = COLUMNS[key] if asked is None else (asked,)
    found = next((name for name in names if name in rows.columns), None)
    if found is None:
        raise WrongUse(f"no column {' or '.join(names)} in {', '.join(map(str, rows.columns))}; write {key}='NAME'")
    return found


def _whole(value: Any, column: str, place: int) -> int:
    try:
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        whole = -1
    if whole < 0 or whole != value or isinstance(value, str):
        raise WrongUse(f"row {place}, {column}: {value!r} is no count of patients; write 0, 1, 2 ...")
    return whole
