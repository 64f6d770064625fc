"""What a forest table refuses, and what it prints beside the plot. Every name and number is made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from metaimt.casefiles.model import CaseFile, Publication
from metaimt.content.forest_row import ForestRow, RowKind
from metaimt.content.labels import report_labels, surname
from metaimt.figures.forest import ForestTable, draw_forest
from metaimt.figures.forest_layout import zoomed
from metaimt.figures.save import figure_bytes

REPORT = ForestRow("report", "Made up 7", ("a drug", "4/8"), 0.5, 0.2, 0.8, 8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lower": 0.9}, "lower <= estimate <= upper"),
        ({"upper": 0.1}, "lower <= estimate <= upper"),
        ({"upper": float("nan")}, "lower <= estimate <= upper"),
        ({"upper": float("inf")}, "lower <= estimate <= upper"),
        ({"lower": None}, "lower <= estimate <= upper"),
        ({"estimate": None}, "needs an estimate"),
        ({"kind": "prediction", "estimate": None, "lower": 0.9, "upper": 0.1}, "lower <= estimate"),
        *(({"kind": kind, "lower": 0.9}, "lower <= estimate") for kind in ("cases", "companion", "summary")),
        *(({"kind": kind, "estimate": None}, "needs an estimate") for kind in ("cases", "companion", "summary")),
        ({"kind": "diamond"}, "kind is one of"),
        ({"tone": "blue"}, "tone is one of"),
        ({"size": -1}, "number of patients"),
    ],
)
def test_a_wrong_row_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"'Made up 7'.*{message}"):
        replace(REPORT, **changes)


@pytest.mark.parametrize("kind", get_args(RowKind))
def test_which_rows_draw_an_interval_and_print_it(kind: RowKind) -> None:
    """A small rhomb below a box too: what is drawn is what the axis must hold."""
    drawn = kind not in {"heading", "plain", "note", "space"}
    found = replace(REPORT, kind=kind)
    assert found.extent == ((0.2, 0.5, 0.8) if drawn else None)
    assert found.interval_parts == (("50.0 %", "[20.0 to 80.0]") if drawn else ("", ""))


@pytest.mark.parametrize(
    ("limits", "axis"),
    [
        ([], (0.0, 1.0)),
        ([(0.32, 0.78)], (0.3, 0.8)),
        ([(0.3, 0.8)], (0.3, 0.8)),
        ([(0.1 + 0.2, 0.7 + 0.1)], (0.3, 0.8)),  # one is a little more than 0.3, the other a little less than 0.8
        ([(0.62, 0.78), (0.48, 0.51)], (0.4, 0.8)),
        ([(0.0, 1.0)], (0.0, 1.0)),
        ([(0.03, 0.97)], (0.0, 1.0)),
    ],
)
def test_an_axis_goes_from_tenth_to_tenth(limits: list[tuple[float, float]], axis: tuple[float, float]) -> None:
    assert zoomed(limits) == axis


def test_a_wrong_table_is_refused() -> None:
    table = ForestTable("Made up", "Report", ("Drug", "r/n"), (REPORT,))
    with pytest.raises(ValueError, match="'Made up 7': 3 columns, 2 headings"):
        replace(table, rows=(replace(REPORT, columns=("a", "b", "c")),))
    for axis in ((0.7, 0.3), (0.5, 0.5), (0.0, float("inf"))):
        with pytest.raises(ValueError, match="axis"):
            replace(table, axis=axis)
    unknown: Any = "gif"
    with pytest.raises(ValueError, match="svg, png or pdf"):
        figure_bytes(draw_forest(table), unknown)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({}, ("50.0 %", "[20.0 to 80.0]")),
        ({"interval_text": "1 % [0 to 2]"}, ("1 % ", "[0 to 2]")),
        ({"interval_text": "not pooled"}, ("", "not pooled")),
        ({"interval_text": ""}, ("", "")),
        ({"kind": "prediction", "estimate": None}, ("", "[20.0 to 80.0]")),
        ({"kind": "heading"}, ("", "")),
    ],
)
def test_what_is_printed_beside_the_plot(changes: dict[str, Any], parts: tuple[str, str]) -> None:
    assert replace(REPORT, **changes).interval_parts == parts


def _case(name: str, authors: str | None) -> CaseFile:
    report = Publication.model_construct(id=name, title="Made up", year=2020, authors=authors, design="case_report")
    return CaseFile.model_construct(report=report)


@pytest.mark.parametrize(
    ("authors", "name"),
    [
        ("Specimen A, Other C", "Specimen"),
        ("\u5f20 \u4f1f, \u674e \u5a1c", "\u5f20"),
        ("\u5f20\u4f1f\u3001\u674e\u5a1c", "\u5f20\u4f1f"),
        ("\u05db\u05d4\u05df \u05d0, Other C", "\u05db\u05d4\u05df"),
        ("\u0623\u0628\u0648 \u062d\u0645\u062f \u0639\u060c \u0633", "\u0623\u0628\u0648 \u062d\u0645\u062f"),
        ("Made up group", ""),
        ("made up", ""),
        ("", ""),
        ("12", ""),
    ],
)
def test_a_surname_of_any_script(authors: str, name: str) -> None:
    assert surname(authors) == name


def test_reports_of_one_author_and_year_are_told_apart() -> None:
    cases = [_case("specimen-2020-b", "Specimen A, Other C"), _case("specimen-2020", "Specimen B, et al")]
    cases += [_case("other-2020", "Other C"), _case("nobody-2020", None)]
    assert report_labels(cases) == {
        "specimen-2020": "Specimen 2020a",
        "specimen-2020-b": "Specimen 2020b",
        "other-2020": "Other 2020",
        "nobody-2020": "authors not given, nobody-2020",
    }
    many = [_case(f"specimen-2020-n{number}", "Specimen A") for number in range(27)]
    assert report_labels(many) == {case.id: case.id for case in many}
