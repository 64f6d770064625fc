"""Tables as rows of named cells, and as CSV: every cell guarded, numbers to 10 significant digits.

It imports no reader of case files at start, so that a table of studies is printed without one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from metaimt.files import for_cell
from metaimt.model.fields import FIELDS
from metaimt.statistics.outcome import NotRun

if TYPE_CHECKING:
    from metaimt.analyses.breakdown import Breakdown
    from metaimt.analyses.pooled_response import Group, PooledResponse
from metaimt.evidence.selection import Selection

Cell = str | int | float | None
Row = Mapping[str, Cell]


def number_text(value: float) -> str:
    """A number with 10 significant digits, the same on every machine."""
    return f"{value:.10g}"


def csv_text(rows: Iterable[Row], columns: Sequence[str] = ()) -> str:
    """Rows as CSV with a header: of the first row, or `columns` without one. Text cells cannot become formulas."""
    listed = list(rows)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if listed:
        columns = list(listed[0])
    if columns:
        writer.writerow(columns)
    writer.writerows([[_cell(row[column]) for column in columns] for row in listed])
    return stream.getvalue()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    return number_text(value) if isinstance(value, float) else for_cell(value)


def pool_rows(result: PooledResponse) -> Iterator[Row]:
    """Pools, strata and separate rows, one a line."""
    for kind, groups in (("pool", result.pools), ("row", result.rows)):
        for group in groups.values():
            yield _group_row(kind, group.name, "", group)
            for stratum in group.strata.values():
                yield _group_row(kind, group.name, stratum.name, stratum)


def _group_row(kind: str, name: str, stratum: str, group: Group) -> Row:
    orr = group.orr
    return {
        "kind": kind,
        "group": name,
        "stratum": stratum,
        "responders": group.counts.responders,
        "evaluable": group.counts.evaluable,
        "reports": group.counts.reports,
        "orr": orr.estimate if orr else None,
        "lower": orr.lower if orr else None,
        "upper": orr.upper if orr else None,
        "level": orr.level if orr else None,
        "method": orr.method if orr else "no evaluable patient",
    }


def breakdown_rows(tables: Mapping[str, Sequence[Breakdown]]) -> Iterator[Row]:
    """All groupings and pools, one level a line."""
    for grouping, breakdowns in tables.items():
        for table in breakdowns:
            for level in table.levels:
                yield {
                    "grouping": grouping,
                    "pool": table.pool,
                    "level": level.name,
                    "responders": level.counts.responders,
                    "evaluable": level.counts.evaluable,
                    "reports": level.counts.reports,
                    "orr": level.orr.estimate if level.orr else None,
                    "lower": level.orr.lower if level.orr else None,
                    "upper": level.orr.upper if level.orr else None,
                    "method": level.orr.method if level.orr else "no evaluable patient",
                }


def unit_rows(selection: Selection) -> Iterator[Row]:
    """Every course and arm of the review: where it stands, what it says, where it counts, and why not."""
    for placed in selection.placed:
        unit = placed.unit
        counted = [group for group in (*selection.pools, *selection.rows) if placed.is_in(group)]
        reasons = {f"not_in_{pool}": "; ".join(placed.words(pool)) for pool in selection.pools}
        yield {
            "unit": unit.id,
            "report": unit.report,
            "file": unit.file,
            "row": placed.row or "",
            "stratum": placed.stratum or "",
            "line": unit.line,
            "r": unit.responders,
            "n": unit.evaluable,
            "counted_in": "; ".join(counted),
            **reasons,
            **{field.name: field.value(unit) for field in FIELDS if field.value is not None},
        }


def cluster_rows(result: PooledResponse) -> Iterator[Row]:
    """The pooled clusters: one (r, n) a report and pool, as the models see them, with stratum and design."""
    for group in result.pools.values():
        designs = {unit.report: unit.design for unit in group.counts.units}
        strata = {report: name for name, stratum in group.strata.items() for report, _, _ in stratum.clusters}
        for report, r, n in group.clusters:
            place = {"stratum": strata.get(report, ""), "design": designs[report]}
            yield {"pool": group.name, "report": report, **place, "r": r, "n": n}


def adjusted_rows(result: PooledResponse) -> Iterator[Row]:
    """The rate in trials, adjusted for selection: a pool and prior of the log odds ratio a line."""
    for group in result.pools.values():
        if isinstance(group.adjusted, NotRun):
            continue
        for each in group.adjusted:
            yield {
                "pool": group.name,
                "prior": each.prior.wording(),
                "odds_ratio": each.prior.odds_ratio,
                "log_sd": each.prior.log_sd,
                "estimate": each.estimate,
                "lower": each.lower,
                "upper": each.upper,
                "level": each.level,
            }


def json_text(data: Any) -> str:
    """JSON with sorted keys and numbers to 10 significant digits."""
    return json.dumps(_rounded(data), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _rounded(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_rounded(value) for value in data]
    return float(number_text(data)) if isinstance(data, float) else data
