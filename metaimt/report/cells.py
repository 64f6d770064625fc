"""Rows of named cells as CSV, every cell guarded, and JSON: numbers to 10 significant digits."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from metaimt.files import for_cell
from metaimt.serialise import to_json

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


def json_text(data: Any) -> str:
    """Results or data as JSON with sorted keys and numbers to 10 significant digits."""
    return json.dumps(_rounded(to_json(data)), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _rounded(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_rounded(value) for value in data]
    return float(number_text(data)) if isinstance(data, float) else data
