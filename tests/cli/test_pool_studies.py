"""`metaimt pool STUDIES.csv` and `pool cases --methods` as a user calls them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from command import metaimt
from conftest import ROOT

EVIDENCE = ROOT / "benchmarks" / "evidence31.csv"


@pytest.mark.parametrize("words", [[EVIDENCE], [EVIDENCE, "--methods"], ["cases", "--methods"]])
def test_text_fits_80_columns(words: list[str | Path]) -> None:
    done = metaimt("pool", *words)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "beta-binomial" in done.stdout


def test_json_without_methods_has_the_exact_models_only() -> None:
    found = json.loads(metaimt("pool", EVIDENCE, "--format", "json").stdout)
    assert set(found["methods"]) == {"beta-binomial", "glmm"}
    assert (len(found["leave_one_out"]), len(found["cumulative"])) == (31, 12)
    assert found["subgroups"]["grouping"] == "site"


def test_json_with_methods_has_them_all() -> None:
    found = json.loads(metaimt("pool", EVIDENCE, "--methods", "--format", "json").stdout)
    assert found["methods"]["logit-reml"]["estimate"] == pytest.approx(0.6515285, abs=1e-6)
    assert found["heterogeneity"]["q"] == pytest.approx(12.413057, abs=1e-5)


def test_csv_has_a_row_an_estimate_and_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "hostile.csv"
    path.write_text("id,x,n,group\n=1+1,1,2,@SUM(A1)\n\x1b[31mred,0,1,b\n", encoding="utf-8")
    done = metaimt("pool", path, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {"crude", "methods", "subgroups", "leave_one_out", "cumulative"} == {row["section"] for row in rows}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    assert "\x1b" not in done.stdout + metaimt("pool", path).stdout


def test_a_bad_table_is_shown_with_its_places(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("id,x,n\na,3,2\n", encoding="utf-8")
    done = metaimt("pool", path)
    assert done.returncode == 1
    assert "bad.csv:2:3: error[too-many] x 3 is more than n 2" in done.stderr


def test_options_of_the_review_are_wrong_use_for_a_table() -> None:
    assert metaimt("pool", EVIDENCE, "--by", "site").returncode == 2


def test_pools_of_the_review_under_every_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("leave_one_out", "cumulative"):  # the same models on parts of the pools
        monkeypatch.setattr(f"metaimt.analyses.comparison.{part}", lambda studies: ())
    found = json.loads(metaimt("pool", "cases", "--methods", "--format", "json").stdout)
    for name, pool in found["pools"].items():
        compared = found["methods"][name]["methods"]
        assert compared["beta-binomial"]["estimate"] == pytest.approx(pool["orr"]["estimate"])
        assert "logit-dl" in compared


def test_simulate_writes_the_table(tmp_path: Path) -> None:
    done = metaimt("simulate", EVIDENCE, "--sets", "20", "--jobs", "1", "--out", tmp_path / "table.md")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 12 * 8
    assert "Target:" in (tmp_path / "table.md").read_text(encoding="utf-8")
    shown = metaimt("simulate", EVIDENCE, "--sets", "5", "--jobs", "1").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert metaimt("simulate", EVIDENCE, "--out", tmp_path / "table.txt").returncode == 2
