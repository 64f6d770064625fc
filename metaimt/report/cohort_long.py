"""All tables of a cohort as one, an estimate a line, for a script that wants one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from metaimt.analyses.cohort import CohortResult
from metaimt.report.cohort_tables import TABLES
from metaimt.report.tables import Cell, Row

_SIDES: Final = ("positive", "negative")
_SAME: Final = {name: name for name in ("estimate", "lower", "upper", "p", "n", "r")}
_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "description": {"r": "n", "n": "of", "estimate": "share"},
    "positivity": {**_SAME, "r": "positive", "n": "tested", "estimate": "share"},
    "survival": {**_SAME, "r": "events", "n": "patients"},
    "log-rank": {"r": "observed", "n": "patients", "p": "p"},
    "cox": {**_SAME, "r": "events", "estimate": "hazard_ratio"},
    "rejected": {},
    **{f"symptoms {side}": {"p": "p", "r": f"{side}_with", "n": f"{side}_of"} for side in _SIDES},
}
_WORDS: Final = (
    *("part", "variable", "covariate", "level", "marker", "site", "symptom", "group", "quantity"),
    *("term", "row", "id", "reason"),
)
_NUMBERS: Final = ("r", "n", "estimate", "lower", "upper", "p")
_MEANS: Final = ("mean", "sd", "median", "lower_quartile", "upper_quartile", "minimum", "maximum")


def long_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """cohort, table, what, r, n, estimate, lower, upper, p, not_run; r are those with it, or the deaths."""
    listed = list(cohorts)
    for table, rows in TABLES.items():
        for row in rows(listed):
            if table == "symptoms":
                for side in _SIDES:
                    yield _line(table, row, _COLUMNS[f"symptoms {side}"], side)
            elif row.get("mean") is not None:
                yield from (_line(table, row, {"n": "n", "estimate": name}, name) for name in _MEANS if row[name])
            else:
                yield _line(table, row, _COLUMNS[table])


def _line(table: str, row: Row, columns: Mapping[str, str], more: str = "") -> Row:
    words = [str(row[key]) for key in _WORDS if row.get(key) not in {None, ""}]
    numbers: dict[str, Cell] = {name: row.get(columns[name]) if name in columns else None for name in _NUMBERS}
    what = ": ".join([*words, *([more] if more else [])])
    return {"cohort": row["cohort"], "table": table, "what": what, **numbers, "not_run": row.get("not_run", "")}
