"""The evidence map as a table of the page: a disc a cell, as in the figure, beside counts that lead to their cases.

In pixels; nothing but the discs is computed.
"""

from __future__ import annotations

from math import cos, pi, sin, sqrt
from typing import Any, Final

from metaimt.analyses.evidence_map import EvidenceMap
from metaimt.analyses.results import Results
from metaimt.model.count import Count
from metaimt.report.wording import fraction

LARGEST: Final = 14.0
SMALLEST: Final = 3.5
MANY: Final = 16  # patients, below which the largest disc of a map is smaller than `LARGEST`


def map_content(results: Results) -> dict[str, Any]:
    """Headings, a row a level of the one grouping with a cell a level of the other, and totals; empty cells None."""
    found = results.evidence_map[list(results.protocol.pools)[-1]]
    rows = [
        {
            "label": row,
            "cells": [_cell(found, row, column) for column in found.columns],
            "total": _counted(found.row_totals[row]),
        }
        for row in found.rows
    ]
    return {
        "corner": _words(found.down),
        "columns": found.columns,
        "rows": rows,
        "totals": [_counted(found.column_totals[name]) for name in found.columns],
        "total": _counted(found.total),
        "legend": [
            {"disc": disc(SMALLEST, 0.0), "text": "nobody responded"},
            {"disc": disc(LARGEST / 2, 0.5), "text": "filled as far as they responded"},
            {"disc": disc(LARGEST / 2, 1.0), "text": "all responded"},
        ],
    }


def _cell(found: EvidenceMap, row: str, column: str) -> dict[str, Any] | None:
    counts = found.cells.get((row, column))
    if counts is None:
        return None
    largest = max(MANY, *(each.evaluable for each in found.cells.values()))
    radius = max(LARGEST * sqrt(counts.evaluable / largest), SMALLEST)
    share = counts.responders / counts.evaluable
    return {**_counted(counts), "disc": disc(radius, share)}


def _counted(counts: Count) -> dict[str, Any]:
    return {"fraction": fraction(counts.responders, counts.evaluable), "behind": counts}


def _words(grouping: str) -> str:
    return grouping.replace("_", " ").capitalize()


def disc(radius: float, share: float) -> dict[str, Any]:
    """Radius, whether it is full, and the outline of the part that is filled clockwise from the top."""
    if share in (0.0, 1.0):
        return {"radius": f"{radius:.3g}", "full": share == 1.0, "path": ""}
    x, y = radius * sin(2 * pi * share), -radius * cos(2 * pi * share)
    path = f"M0 0V{-radius:.3g}A{radius:.3g} {radius:.3g} 0 {int(share > 0.5)} 1 {x:.3g} {y:.3g}z"
    return {"radius": f"{radius:.3g}", "full": False, "path": path}
