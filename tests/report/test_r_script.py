"""reproduce.R agrees with ours where R is installed, and says so where it does not agree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from metaimt.analyses.by_model import compare_pools
from metaimt.analyses.comparison import compare
from metaimt.analyses.results import Results
from metaimt.report.methods_text import method_rows
from metaimt.report.r_script import r_script, r_string
from metaimt.report.tables import Row, csv_text

HOSTILE = 'Made up"); quit(status = 0); # \\ \u00fc \U0001f600'
AGREE, DIFFER, CANNOT_RUN = 0, 1, 2
# (r, n) of made-up reports: what makes the models go another way
SETS = {
    "one report": [(3, 7)],
    "single cases": [(1, 1), (0, 1), (1, 1), (1, 1)],
    "unanimous": [(4, 4), (3, 3), (1, 1), (0, 1)],
    "all respond": [(4, 4), (3, 3), (1, 1)],
    "none responds": [(0, 4), (0, 3), (0, 1)],
    "few, different": [(1, 12), (9, 10), (5, 8), (1, 1), (0, 1)],
    "many, different": [(1, 12), (9, 10), (5, 8), (2, 15), (14, 15), (7, 7), (3, 6), (1, 1), (0, 1), (1, 1), (4, 9)],
    '=comma, "quoted" and \u00fc': [(2, 5), (4, 6), (3, 3)],
}


def no_r() -> str:
    if shutil.which("Rscript") is None:
        return "Rscript is not installed"
    ask = "quit(status = !(requireNamespace('metafor', quietly = TRUE) && requireNamespace('lme4', quietly = TRUE)))"
    done = subprocess.run(["Rscript", "-e", ask], capture_output=True, check=False)
    return "R lacks metafor or lme4" if done.returncode else ""


NO_R = no_r()
needs_r = pytest.mark.skipif(bool(NO_R), reason=NO_R)


def reproduced(folder: Path, locale: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["Rscript", "--vanilla", str(folder / "reproduce.R")],
        env={**os.environ, "LC_ALL": locale},
        capture_output=True,
        text=True,
        check=False,
    )


def made_up(folder: Path) -> Path:
    """The script and its two tables for SETS, in a folder whose name has a space."""
    tables = folder / "with space" / "tables"
    tables.mkdir(parents=True)
    rows: list[Row] = [
        {"pool": name, "report": f"example-{k}", "r": r, "n": n}
        for name, reports in SETS.items()
        for k, (r, n) in enumerate(reports)
    ]
    compared = {name: compare([r for r, _ in each], [n for _, n in each], name=name) for name, each in SETS.items()}
    (tables / "clusters.csv").write_text(csv_text(rows), encoding="utf-8")
    (tables / "methods.csv").write_text(csv_text(method_rows(compared)), encoding="utf-8")
    (tables.parent / "reproduce.R").write_text(r_script(HOSTILE, "2026.1"), encoding="ascii")
    return tables.parent


@needs_r
def test_the_shipped_review_is_reproduced(outputs: Path) -> None:
    done = reproduced(outputs)
    assert done.returncode == AGREE, done.stdout[-2000:] + done.stderr
    assert re.search(r"\n0 of \d\d differ\.\n$", done.stdout)
    for program in ("metafor", "lme4", "base R"):
        assert f"  {program} " in done.stdout


@needs_r
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_reports_of_every_shape_are_reproduced(tmp_path: Path, locale: str) -> None:
    done = reproduced(made_up(tmp_path), locale)
    assert done.returncode == AGREE, done.stdout + done.stderr
    for name in ("closed form", "search", "quadrature"):
        assert f"\n{name}: " in done.stdout
    if locale == "C.UTF-8":
        assert done.stdout.startswith(f"{HOSTILE}, version 2026.1\n")


@needs_r
@pytest.mark.parametrize(("model", "by"), [("logit-dl", 1e-7), ("glmm,median", 2e-3), ("beta-binomial", 1e-5)])
def test_a_number_that_is_wrong_is_found(tmp_path: Path, model: str, by: float) -> None:
    folder = made_up(tmp_path)
    path = folder / "tables" / "methods.csv"
    text = path.read_text(encoding="utf-8").replace('"many, different"', "many")
    pattern = re.compile(rf"(?m)^(many,[^\n]*,{model},+)([0-9.]+)")
    changed, found = pattern.subn(lambda match: f"{match[1]}{float(match[2]) + by}", text, count=1)
    assert found
    path.write_text(changed, encoding="utf-8")
    clusters = folder / "tables" / "clusters.csv"
    clusters.write_text(clusters.read_text(encoding="utf-8").replace('"many, different"', "many"), encoding="utf-8")
    done = reproduced(folder)
    assert done.returncode == DIFFER, done.stdout
    assert done.stdout.count("  DIFFERS\n") == 1


@needs_r
def test_without_its_tables_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "reproduce.R").write_text(r_script("Made up", "1"), encoding="ascii")
    done = reproduced(tmp_path)
    assert done.returncode == CANNOT_RUN
    assert "run metaimt build" in done.stderr


def test_text_in_the_script_is_a_string_and_ascii() -> None:
    assert r_string('a"b\\') == '"a\\"b\\\\"'
    assert r_string("\n\x00") == '"\\\\x0a\\\\x00"'
    assert r_string("\u00fc") == '"\\U000000fc"'
    assert r_script(HOSTILE, HOSTILE).isascii()


def test_the_table_that_r_reads_is_that_of_results_json(outputs: Path, shipped: Results) -> None:
    told = json.loads((outputs / "results.json").read_text(encoding="utf-8"))["methods"]
    rows = [row for row in method_rows(compare_pools(shipped.response.pools)) if row["section"] == "methods"]
    assert len(rows) > 20
    for row in rows:
        model = told[str(row["data"])]["methods"][str(row["model"])]
        model = model["reports_of_two_or_more"] if row["part"] else model
        model = model[str(row["rate"])] if row["rate"] else model
        for field in ("estimate", "lower", "upper"):
            assert model[field] == pytest.approx(row[field], rel=1e-9)
