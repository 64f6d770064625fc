"""The figures of the page: pictures with buttons over their parts, a table for the evidence map, counts in captions."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from metaimt.analyses.results import Results
from metaimt.figures.counted import Counted, parts_of
from metaimt.figures.regions import Place
from metaimt.figures.registry import BY
from metaimt.figures.review_figure import Drawn, FigureText, NotDrawn
from metaimt.model.text import Named, Text, counted
from metaimt.report.figures import by_section
from metaimt.report.linked import Linker
from metaimt.report.page_map import map_content

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
