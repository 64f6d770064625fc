"""The figures in report.md: all of them, in their sections, with escaped words."""

from __future__ import annotations

import re
from pathlib import Path

from matplotlib.figure import Figure

from metaimt.analyses.results import Results
from metaimt.figures.registry import OTHERS
from metaimt.figures.review_figure import Drawn, NotDrawn, ReviewFigure
from metaimt.figures.review_forest import over_time_table
from metaimt.report.figures import figure_markdown, figure_sections, gallery

PICTURE = re.compile(r"!\[(?P<alt>(?:\\.|[^\]\\])*)\]\((?P<file>[^)]*)\)")


def test_every_picture_that_is_written_is_shown_once_with_words(outputs: Path) -> None:
    shown = list(PICTURE.finditer((outputs / "report.md").read_text(encoding="utf-8")))
    files = sorted(f"figures/{path.name}" for path in Path(outputs / "figures").glob("*.svg"))
    assert sorted(match["file"] for match in shown) == files
    assert all(len(match["alt"]) > 60 for match in shown)


def test_a_figure_of_no_section_is_not_lost() -> None:
    unknown: list[Drawn] = [ReviewFigure("made-up", "Made up", "caption", "words", Figure())]
    placed = figure_sections(unknown)
    assert "figures/made-up.svg" in placed.pop(OTHERS)
    assert not any(placed.values())


def test_words_of_a_figure_are_escaped() -> None:
    hostile = "](x) <script> $x$ **b**"
    text = figure_markdown(ReviewFigure("made-up", hostile, hostile, hostile, Figure()))
    assert "<script" not in text
    assert PICTURE.match(text)
    assert r"\*\*b\*\*" in text


def test_what_is_not_drawn_says_why() -> None:
    assert figure_markdown(NotDrawn("made-up", "Made up", "no data")) == "*Made up: not drawn, no data.*"


def test_the_gallery_has_every_picture_and_what_is_missing(outputs: Path) -> None:
    text = (outputs / "figures" / "README.md").read_text(encoding="utf-8")
    shown = {match["file"] for match in PICTURE.finditer(text)}
    assert shown == {path.name for path in (outputs / "figures").glob("*.svg")}
    missing = gallery([NotDrawn("made-up", "Made up", "no data")])
    assert "- Made up: not drawn, no data" in missing


def test_the_growth_over_time_says_how_many_reports_have_a_year(shipped: Results) -> None:
    rows = over_time_table(shipped, ("strict", "all_evidence")).rows
    said = [row.label for row in rows if row.kind == "note"]
    assert said == [f"{dated} reports have a publication year." for dated in ("15 of 18", "40 of 47")]
