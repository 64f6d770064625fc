"""The same pool has the same r/n, estimate and interval wherever it is shown."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from pathlib import Path

import docx
import pytest
from conftest import Built
from openpyxl import load_workbook

from metaimt.analyses.wording import fraction, limits, one_decimal
from metaimt.figures.forest import ForestTable
from metaimt.figures.registry import BY, draw_figure, figure_names
from metaimt.figures.review_figure import ReviewFigure
from metaimt.figures.review_forest import leave_one_out_table, subgroup_table
from metaimt.figures.save import figure_bytes
from metaimt.figures.specification_curve import specification_table
from metaimt.report.text import pooled_table
from metaimt.statistics.posterior import PooledProportion

RATES = {"forest", "strata", "sensitivity", "over-time", "adjusted", "methods"}
"""Figures that print the rate of each pool, with its interval, and r/n."""
COUNTS = {"flow", "leave-one-out", "evidence-map"}
"""Those that print r/n; and so do the figures of a subgroup. The map is of the widest pool alone."""
OF_NO_POOL = {"swimmer", "tiles", "selectivity"}
"""Courses, patients described one by one, and case reports: what they show is no pool."""


def plain(text: str) -> str:
    """Words alone: one blank between them, one kind of dash, no brackets around an interval."""
    text = re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]+>", " ", text, flags=re.DOTALL)
    text = unescape(text).replace("\u00a0", " ").replace("\\", "").replace("–", "-").replace("|", " ")
    return " ".join(re.sub(r"[\[\]()]", " ", text).replace(" to ", " - ").split())


@pytest.fixture(scope="session")
def said(built: Built) -> dict[str, str]:
    """What each output says in words."""
    out = built.out
    words = {name: plain((out / name).read_text(encoding="utf-8")) for name in ("index.html", "report.md")}
    document = docx.Document(str(out / "report.docx"))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    words["report.docx"] = plain(" ".join([*(p.text for p in document.paragraphs), *cells]))
    words["terminal"] = plain(pooled_table(built.results.response))
    return words


@pytest.fixture(scope="session")
def every_figure(built: Built) -> dict[str, ReviewFigure]:
    """Every figure that the evidence allows, also those that a build draws only when asked."""
    found = {name: draw_figure(built.results, name) for name in figure_names(built.results.protocol)}
    return {name: each for name, each in found.items() if isinstance(each, ReviewFigure)}


def test_every_figure_is_looked_at(every_figure: dict[str, ReviewFigure]) -> None:
    """A new one must be put where it belongs."""
    by_level = {name for name in every_figure if name.startswith(BY)}
    assert len(by_level) >= 5
    assert set(every_figure) == RATES | COUNTS | by_level | OF_NO_POOL | {"specification"}


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_in_every_figure(every_figure: dict[str, ReviewFigure], built: Built, pool: str) -> None:
    group = built.results.response.pools[pool]
    orr = group.orr
    assert isinstance(orr, PooledProportion)
    r_n = fraction(group.counts.responders, group.counts.evaluable)
    for name, figure in every_figure.items():
        drawn = plain(figure_bytes(figure.figure, "svg").decode())
        if name in RATES:
            for text in (drawn, plain(figure.caption)):
                assert rate_of(orr).search(text), (name, text)
        if name in RATES or name.startswith(BY) or (name in COUNTS and (name, pool) != ("evidence-map", "strict")):
            assert re.search(rf"(?<![\d/.]){r_n}(?![\d/])", drawn), name
    references = {row.reference for table in _tables(built) for row in table.rows if row.counts is None}
    assert orr.estimate in references, "a dashed line stands at the estimate"


def _tables(built: Built) -> list[ForestTable]:
    pools, results = tuple(built.results.response.pools), built.results
    return [
        leave_one_out_table(results, pools),
        *(subgroup_table(results, pools, by) for by in results.subgroups.tables),
    ]


def test_the_dashed_line_of_each_figure_of_parts_is_the_pool(built: Built) -> None:
    wanted = [group.orr.estimate for group in built.results.response.pools.values() if group.orr is not None]
    for table in _tables(built):
        assert [row.reference for row in table.rows if row.reference is not None] == wanted, table.title


def test_the_headline_of_the_specification_is_the_pool(built: Built) -> None:
    headline = built.results.response.headline
    (point,) = (each for each in specification_table(built.results).points if each.headline)
    assert headline.orr is not None
    wanted = (headline.orr.estimate, headline.orr.lower, headline.orr.upper)
    assert (point.estimate, point.lower, point.upper) == wanted


def rate_of(orr: PooledProportion) -> re.Pattern[str]:
    """A rate and, in the same sentence, its interval."""
    rate, interval = re.escape(one_decimal(orr.estimate)), re.escape(limits(orr.lower, orr.upper))
    return re.compile(rf"(?<![\d.]){rate} %? ?[^.]{{0,40}}?{interval}")


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_in_words(said: dict[str, str], built: Built, pool: str) -> None:
    group = built.results.response.pools[pool]
    orr, counts = group.orr, group.counts
    assert isinstance(orr, PooledProportion)
    r_n = fraction(counts.responders, counts.evaluable)
    for name, text in said.items():
        assert r_n in text, name
        assert rate_of(orr).search(text), name


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_in_numbers(built: Built, pool: str) -> None:
    out, group = built.out, built.results.response.pools[pool]
    orr = group.orr
    assert isinstance(orr, PooledProportion)
    wanted = pytest.approx([orr.estimate, orr.lower, orr.upper], rel=1e-9)
    published = json.loads((out / "results.json").read_text(encoding="utf-8"))["pools"][pool]["orr"]
    assert [published[name] for name in ("estimate", "lower", "upper")] == wanted
    with (out / "tables" / "pools.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = [
            row
            for row in csv.DictReader(stream)
            if row["kind"] == "pool" and row["group"] == pool and not row["stratum"]
        ]
    digits = pytest.approx([orr.estimate, orr.lower, orr.upper], abs=5e-7)  # as many as are written
    assert [float(row[name]) for name in ("orr", "lower", "upper")] == digits
    assert (row["responders"], row["evaluable"]) == (str(group.counts.responders), str(group.counts.evaluable))
    assert summary(out, group.label)[-3:] == digits


def summary(out: Path, label: str) -> list[float]:
    """The numbers of a pool on the first sheet of the workbook."""
    (sheet, *_) = load_workbook(out / "tables.xlsx").worksheets
    rows = [row for row in sheet.iter_rows(values_only=True) if str(row[0]).casefold() == label.casefold()]
    (cells,) = [row for row in rows if isinstance(row[1], int)]
    return [float(cell) for cell in cells if isinstance(cell, float)]
