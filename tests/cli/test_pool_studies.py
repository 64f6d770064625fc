"""`metaimt pool STUDIES.csv` and `pool cases --methods` as a user calls them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from command import metaimt
from conftest import ROOT

from metaimt.analyses.study_parts import MOST_KINDS
from metaimt.analyses.wording import predicted
from metaimt.casefiles.studies import UnreadableStudies, read_studies
from metaimt.statistics.prediction import predict

EVIDENCE = ROOT / "benchmarks" / "evidence31.csv"
pytestmark = pytest.mark.usefixtures("remembered")
THREE = ("logit-reml-kh", "logit-dl", "double-arcsine-dl")


@pytest.mark.parametrize(
    "words", [[EVIDENCE], [EVIDENCE, "--methods"], [EVIDENCE, "--methods", "--all-models"], ["cases", "--methods"]]
)
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


def test_json_with_methods_has_those_for_comparison() -> None:
    found = json.loads(metaimt("pool", EVIDENCE, "--methods", "--format", "json").stdout)
    assert found["methods"]["logit-reml-kh"]["estimate"] == pytest.approx(0.6515285, abs=1e-6)
    assert {name for name, model in found["methods"].items() if "label" in model} == {*THREE}
    assert found["heterogeneity"]["q"] == pytest.approx(12.413057, abs=1e-5)


def test_all_models_are_for_who_compares_programs() -> None:
    found = json.loads(metaimt("pool", EVIDENCE, "--methods", "--all-models", "--format", "json").stdout)
    assert len([model for model in found["methods"].values() if "label" in model]) == 35
    assert found["methods"]["raw-dl"]["estimate"] == pytest.approx(0.675, abs=5e-4)
    assert "--all-models goes with --methods" in metaimt("pool", EVIDENCE, "--all-models").stderr
    assert metaimt("pool", "cases", "--methods", "--all-models").returncode == 2


def test_one_label_has_one_interval(tmp_path: Path) -> None:
    """6/121 and 115/168: under "GLMM median" stood a profile interval, 0.3-97.0, and below it Wald's, 2.4-82.5."""
    path = tmp_path / "two.csv"
    path.write_text("id,x,n\na,6,121\nb,115,168\n", encoding="utf-8")
    text = metaimt("pool", path, "--methods").stdout
    lines = [line for line in text.splitlines() if line.startswith("glmm, median")]
    assert lines == ["glmm, median                        25.3 %   0.3 - 97.0"]
    assert text.lower().count("glmm") == 2  # the median report and the marginal mean


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


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_forest_plot_of_a_table(kind: str, tmp_path: Path) -> None:
    done = metaimt("pool", EVIDENCE, "--out", tmp_path / f"forest.{kind}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"Written: {(tmp_path / f'forest.{kind}').as_posix()}\n")
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    assert (tmp_path / f"forest.{kind}").read_bytes().startswith(starts[kind])


def test_out_is_a_figure_of_a_table(tmp_path: Path) -> None:
    done = metaimt("pool", EVIDENCE, "--out", tmp_path / "forest.txt")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no .svg, .png, .pdf; write --out " in done.stderr
    assert "metaimt figures forest" in metaimt("pool", "cases", "--out", tmp_path / "forest.svg").stderr


def test_the_prediction_interval_is_said_and_what_it_rests_on() -> None:
    text = " ".join(metaimt("pool", EVIDENCE).stdout.split())
    found = json.loads(metaimt("pool", EVIDENCE, "--format", "json").stdout)["prediction"]
    rows = read_studies(EVIDENCE).rows
    expected = predict([row.responders for row in rows], [row.evaluable for row in rows])
    assert found["ranges"] == [asdict(each) for each in expected.ranges]
    assert f"True rate of a new report: {predicted(expected)}; largely the prior rho ~ Beta(1, 1)." in text


def test_small_rates_keep_their_digits_and_a_mean_that_is_not_r_over_n_is_told(tmp_path: Path) -> None:
    """R, binom.test(21, 234253): 0.0090 %, 0.0055 to 0.0137."""
    path = tmp_path / "tiny.csv"
    path.write_text("id,x,n\na,3,217000\nb,6,16500\nc,1,680\nd,10,44\ne,1,29\n", encoding="utf-8")
    done = metaimt("pool", path)
    assert "crude, clopper-pearson            0.0090 %   0.0055 - 0.0137\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    text = " ".join(done.stdout.split())
    assert "large and small reports disagree: mean over reports" in text
    assert "21/234253 is 0.0090 %" in text


def test_what_was_taken_for_what_is_said(tmp_path: Path) -> None:
    path = tmp_path / "revman.csv"
    path.write_text("Table 3\nStudy;Events;Total;Remark\na;3;5;\nb;2;4;\n", encoding="utf-8")
    done = metaimt("pool", path)
    assert done.returncode == 0, done.stderr
    for line in ("The heading is row 2; above it, row 1 is not read", "Columns not used: Remark"):
        assert line in done.stdout
    assert "Columns taken: Study as id, Events as x, Total as n" in done.stdout


def test_a_register_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text("id,x,n\na,0,9999999\nb,7,9999999\n", encoding="utf-8")
    done = metaimt("pool", path)
    assert done.returncode == 1
    assert "more than 500,000 patients in all" in done.stderr


def test_a_table_that_takes_a_while_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows is not computed: a model of 301 kinds of report is most of a minute."""
    asked: list[int] = []

    def compared(rows: Sequence[object], *_: object, **__: object) -> None:
        asked.append(len(rows))
        raise UnreadableStudies(())

    monkeypatch.setattr("metaimt.analyses.comparison.compare_studies", compared)
    rows = [f"made-up-{n}-{r},{r},{n}" for n in range(1, 25) for r in range(n + 1)][: MOST_KINDS + 1]
    said = []
    for number in (MOST_KINDS, MOST_KINDS + 1):
        (tmp_path / "made-up.csv").write_text("id,x,n\n" + "\n".join(rows[:number]), encoding="utf-8")
        said.append(metaimt("pool", tmp_path / "made-up.csv", "--format", "csv").stderr)
    assert asked == [MOST_KINDS, MOST_KINDS + 1] == [300, 301]
    assert "takes a while" not in said[0]
    assert "301 different (r, n) in made-up.csv: the GLMM takes a while" in said[1]


@pytest.mark.slow
def test_a_table_that_takes_a_while_ends(tmp_path: Path) -> None:
    rows = [f"made-up-{n}-{r},{r},{n}" for n in range(1, 25) for r in range(n + 1)][: MOST_KINDS + 1]
    (tmp_path / "made-up.csv").write_text("id,x,n\n" + "\n".join(rows), encoding="utf-8")
    done = metaimt("pool", tmp_path / "made-up.csv", "--format", "csv")
    assert (done.returncode, "the GLMM takes a while" in done.stderr) == (0, True)


def test_options_of_the_review_are_wrong_use_for_a_table() -> None:
    assert metaimt("pool", EVIDENCE, "--by", "site").returncode == 2


def test_pools_of_the_review_under_every_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("leave_one_out", "cumulative"):  # the same models on parts of the pools
        monkeypatch.setattr(f"metaimt.analyses.comparison.{part}", lambda studies, priors: ())
    found = json.loads(metaimt("pool", "cases", "--methods", "--format", "json").stdout)
    for name, pool in found["pools"].items():
        compared = found["methods"][name]["methods"]
        assert compared["beta-binomial"]["estimate"] == pytest.approx(pool["orr"]["estimate"])
        assert "logit-dl" in compared


def test_simulate_writes_the_table(tmp_path: Path) -> None:
    done = metaimt("simulate", EVIDENCE, "--sets", "20", "--jobs", "1", "--out", tmp_path / "table.md")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 50  # five rates; four correlations of three shapes, at 0 one
    assert "Target with" in (tmp_path / "table.md").read_text(encoding="utf-8")
    shown = metaimt("simulate", EVIDENCE, "--sets", "5", "--jobs", "1").stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert metaimt("simulate", EVIDENCE, "--out", tmp_path / "table.txt").returncode == 2


def test_one_report_says_nothing_of_a_new_one(tmp_path: Path) -> None:
    """Nor is its rate called a mean over reports."""
    table = tmp_path / "one.csv"
    table.write_text("id,x,n\nMade up 2020,7,9\n", encoding="utf-8")
    done = metaimt("pool", table, "--out", tmp_path / "one.svg")
    assert done.returncode == 0, done.stderr
    assert "True rate of a new report: not identified (one report)." in done.stdout
    assert "prediction interval" not in done.stdout
    svg = (tmp_path / "one.svg").read_text(encoding="utf-8")
    assert "These patients" in svg and "A new report" not in svg and "Mean over reports" not in svg
    found = json.loads(metaimt("pool", table, "--format", "json").stdout)
    assert found["prediction"] == {"not_identified": "one report"}
