"""The figures of the page: pictures with buttons over their parts, a table for the evidence map, counts in captions.

The evidence map as a table of the page: a disc a cell, as in the figure, beside counts that lead to their cases.

In pixels; nothing but the discs is computed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from math import cos, pi, sin, sqrt
from typing import Any, Final

from metaimt.analyses.breakdown import EvidenceMap
from metaimt.analyses.results import Results
from metaimt.figures.registry import BY
from metaimt.figures.review_figure import Counted, Drawn, FigureText, NotDrawn, Place, parts_of
from metaimt.model.count import Count
from metaimt.model.text import Named, Text, counted
from metaimt.report.figures import by_section
from metaimt.report.linked import Linker
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


# Figures whose place a table with bars takes, the numbers of which open their cases.
INTERACTIVE = ("forest", "strata", "sensitivity", "leave-one-out", "over-time")
MAP = "evidence-map"


def figures_content(
    results: Results, drawn: Sequence[Drawn], files: Mapping[str, bytes], link: Linker
) -> dict[str, list[dict[str, Any]]]:
    """Section -> its figures; those of `INTERACTIVE`, and the subgroups, are made of the page itself."""
    placed = by_section(_shown(drawn)).items()
    return {section: [_figure(results, each, files, link) for each in figures] for section, figures in placed}


def _shown(drawn: Sequence[Drawn]) -> list[Drawn]:
    return [each for each in drawn if each.name not in INTERACTIVE and not each.name.startswith(BY)]


def _figure(results: Results, each: Drawn, files: Mapping[str, bytes], link: Linker) -> dict[str, Any]:
    if isinstance(each, NotDrawn):
        return {"not_drawn": each.wording()}
    name = f"figures/{each.name}.svg"
    said = {"name": name, "title": each.title, "caption": link.sentence(_caption(each)), "alt": each.alt}
    if each.name == MAP:
        return {**said, "map": map_content(results)}
    regions = [{"label": found.label, "behind": found.behind, "at": _at(found.place)} for found in each.regions]
    return {**said, "address": _address(files[name]), "regions": regions}


def _caption(each: FigureText) -> Text:
    """Its words and counts. Raises ValueError for a count that it does not say."""
    parts = parts_of(each.caption, each.counted)
    return Text(*(counted(part.text, part.behind) if isinstance(part, Counted) else Named(part) for part in parts))


def _at(place: Place) -> str:
    """Left, top, width and height in per cent of the picture, for the script that puts the buttons there."""
    return " ".join(f"{100 * side:.4g}" for side in (place.left, place.top, place.width, place.height))


def _address(svg: bytes) -> str:
    """As an image of its own, so that neither its ids nor its styles meet those of the page."""
    return "data:image/svg+xml;base64," + base64.b64encode(_compact(svg)).decode("ascii")


def _compact(svg: bytes) -> bytes:
    """Without the indentation and the line breaks between elements, a twelfth of the file; its texts are paths."""
    return re.sub(rb">\s+<", b"><", re.sub(rb"\s*\n\s*", b"\n", svg))
