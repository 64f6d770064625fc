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
from metaimt.report.text import pooled_table
from metaimt.statistics.posterior import PooledProportion

FIGURES = ("forest", "strata", "sensitivity", "over-time")


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
    words |= {name: plain((out / "figures" / f"{name}.svg").read_text(encoding="utf-8")) for name in FIGURES}
    return words


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_in_words(said: dict[str, str], built: Built, pool: str) -> None:
    group = built.results.response.pools[pool]
    orr, counts = group.orr, group.counts
    assert isinstance(orr, PooledProportion)
    r_n, interval = fraction(counts.responders, counts.evaluable), limits(orr.lower, orr.upper)
    rate = one_decimal(orr.estimate)
    for name, text in said.items():
        assert r_n in text, name
        assert re.search(rf"(?<![\d.]){re.escape(rate)} %? ?[^.]{{0,40}}?{re.escape(interval)}", text), name


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
