"""Rows of named cells as CSV, every cell guarded, and JSON: numbers to 10 significant digits."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from metaimt.analyses.alternatives import Rate
from metaimt.files import for_cell
from metaimt.serialise import to_json
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.posterior import WeightedProportion

if TYPE_CHECKING:
    from metaimt.analyses.duration import Curve
    from metaimt.analyses.sensitivity import ReportLeftOut
    from metaimt.model.count import Count

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


def interval_cells(found: Any, name: str = "estimate") -> dict[str, Cell]:
    """The estimate, under `name`, and its limits, of what has them; empty for None and what was not run."""
    if found is None or isinstance(found, NotRun):
        return dict.fromkeys((name, "lower", "upper"))
    return {name: found.estimate, "lower": found.lower, "upper": found.upper}


def curve_quantities(curve: Curve | NotRun) -> Iterator[tuple[str, Any]]:
    """What is told of a curve, by name: its median, the follow-up, and the landmarks; or that it was not run."""
    if isinstance(curve, NotRun):
        yield "Kaplan-Meier", curve
        return
    yield from (("median, months", curve.median), ("median follow-up, months", curve.followup))
    yield from ((f"S at {at.time:g} months", at) for at in curve.landmarks)


def why_not(found: Any) -> str:
    """Why something was not run; empty where it was."""
    return found.reason if isinstance(found, NotRun) else ""


def rate_cells(orr: Rate | WeightedProportion) -> dict[str, Cell]:
    """A rate with its interval."""
    return {**interval_cells(orr, "orr"), "method": orr.method if orr else "no evaluable patient"}


def rate_cells_at_level(orr: Rate | WeightedProportion) -> dict[str, Cell]:
    """As `rate_cells`, with the level of the interval before the method."""
    method = rate_cells(orr)["method"]
    return {**interval_cells(orr, "orr"), "level": orr.level if orr else None, "method": method}


def count_cells(counts: Count | ReportLeftOut, before: str = "") -> dict[str, Cell]:
    """Responders, evaluable patients and reports, the names of the columns begun by `before`."""
    numbers = {"responders": counts.responders, "evaluable": counts.evaluable, "reports": counts.reports}
    return {f"{before}{name}": number for name, number in numbers.items()}


def json_text(data: Any) -> str:
    """Results or data as JSON with sorted keys and numbers to 10 significant digits."""
    return json.dumps(_rounded(to_json(data)), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _rounded(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_rounded(value) for value in data]
    return float(number_text(data)) if isinstance(data, float) else data
