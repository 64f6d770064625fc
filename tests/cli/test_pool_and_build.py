"""`metaimt pool` and `metaimt build` as a user calls them: exit codes, formats, bad input, what is written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from command import CANNOT_ANALYSE, FINE, PROBLEMS, WRONG_USE, metaimt, modules_after_each
from conftest import ROOT, MakeReview, course, patient, report

EVIDENCE = ROOT / "benchmarks" / "evidence31.csv"
pytestmark = pytest.mark.usefixtures("remembered")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_table_fits_a_terminal_of_80_columns() -> None:
    for words in (["pool"], ["pool", "--by", "fusion_partner", "--by", "site"]):
        done = metaimt(*words)
        assert done.returncode == FINE
        assert max(map(len, done.stdout.splitlines())) <= 80


def test_pool_json_is_the_results_of_build(outputs: Path) -> None:
    pooled = json.loads(metaimt("pool", "--format", "json").stdout)
    built = json.loads((outputs / "results.json").read_text(encoding="utf-8"))
    for name, pool in pooled["pools"].items():
        assert built["pools"][name]["responders"] == pool["responders"]
        assert built["pools"][name]["orr"]["lower"] == pytest.approx(pool["orr"]["lower"], rel=1e-9)


def test_pool_json_can_be_split() -> None:
    found = json.loads(metaimt("pool", "--format", "json", "--by", "drug").stdout)
    levels = found["by"]["drug"]["strict"]["levels"]
    assert sum(level["evaluable"] for level in levels) == found["pools"]["strict"]["evaluable"]


def test_pool_csv_has_a_row_a_group() -> None:
    rows = list(csv.DictReader(io.StringIO(metaimt("pool", "--format", "csv").stdout)))
    strict = next(row for row in rows if row["group"] == "strict" and not row["stratum"])
    assert (strict["responders"], strict["evaluable"], strict["reports"]) == ("55", "74", "18")


def test_why_left_out_lists_every_unit_not_in_a_pool() -> None:
    said = metaimt("pool", "--why-left-out").stdout
    found = json.loads(metaimt("pool", "--format", "json").stdout)
    for pool in found["pools"].values():
        for unit in pool["left_out"]:
            assert unit["id"] in said


def test_what_pools_or_audits_needs_numpy_and_scipy_special_only() -> None:
    heavy = {"pandas", "scipy.stats", "scipy.optimize", "statsmodels", "pymare", "matplotlib"}
    heavy |= {
        *("openpyxl", "docx", "lxml", "rispy", "pybtex", "defusedxml", "markdown_it"),
    }  # each is loaded with the first file of its format
    local = "cases/literature/mosse-2017.yaml"  # an audit that finds nothing ends with 0
    calls = [["show", "liu-2018"], ["audit", local], ["pool", str(EVIDENCE)], ["pool"]]
    after = modules_after_each(*calls)
    for words, modules in zip(calls, after, strict=True):
        assert heavy & modules == set(), words
    assert "jinja2" not in after[0]


def test_a_grouping_with_a_typo_is_wrong_use() -> None:
    done = metaimt("pool", "--by", "sites")
    assert done.returncode == WRONG_USE
    assert "did you mean site?" in done.stderr


def test_no_such_folder_is_wrong_use(tmp_path: Path) -> None:
    for command in ("pool", "build"):
        done = metaimt(command, tmp_path / "nowhere")
        assert done.returncode == WRONG_USE
        assert "does not exist" in done.stderr


def test_an_empty_folder_and_one_without_protocol_name_the_way_forward(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for command in ("pool", "build"):
        done = metaimt(command, tmp_path / "empty")
        assert done.returncode == CANNOT_ANALYSE
        assert "review.yaml" in done.stderr
        assert "write" in done.stderr or "put" in done.stderr


def test_nothing_eligible_is_said_with_reasons(make_review: MakeReview) -> None:
    done = metaimt("pool", make_review(report("example-1", patient(course(None)))))
    assert done.returncode == CANNOT_ANALYSE
    assert "1 response not readable" in done.stderr


def test_small_and_unanimous_reviews_say_nothing_untrue(make_review: MakeReview) -> None:
    one = metaimt("pool", make_review(report("example-1", patient(course("PR"))))).stdout
    assert "Pools: none has two reports, so nothing is pooled." in one
    assert "these patients, exact" not in one  # the heading of a table without a row
    said = " ".join(metaimt("pool", make_review(report("example-2", patient(course("PR"))))).stdout.split())
    assert "Pools: beta-binomial" in said
    assert "disagree" not in said  # all respond; r/n lies outside any interval of a mean


def test_errors_block_the_analysis_and_are_shown(make_review: MakeReview, tmp_path: Path) -> None:
    folder = make_review(report("example-1", patient(course("Partial"))))
    for words in (["pool"], ["build", "--out", str(tmp_path / "out")]):
        done = metaimt(*words, folder)
        assert done.returncode == PROBLEMS
        assert "write response: PR" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_foreign_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_bytes(b"mine")
    done = metaimt("build", "--out", tmp_path)
    assert done.returncode == WRONG_USE
    assert (tmp_path / "thesis.docx").read_bytes() == b"mine"


HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> | `x` **b** \u202e"


@pytest.mark.usefixtures("forest_only")
def test_hostile_text_stays_text_and_outputs_do_not_depend_on_where_the_review_lies(
    make_review: MakeReview, tmp_path: Path
) -> None:
    entry = report("example-1", patient(course("PR", combined_with=[HOSTILE]), site="lung", site_detail=HOSTILE))
    entry["report"] |= {"title": HOSTILE, "authors": HOSTILE}
    folder = make_review(entry, report("example-2", patient(course("PR"))))
    done = metaimt("build", folder.name, "--out", "out", cwd=folder.parent)
    assert (done.returncode, done.stderr) == (FINE, "")
    out = folder.parent / "out"
    markdown = (out / "report.md").read_text(encoding="utf-8")
    assert "<script" not in markdown
    assert "\u202e" not in markdown
    units = (out / "tables" / "units.csv").read_text(encoding="utf-8")
    cells = [cell for row in csv.reader(io.StringIO(units)) for cell in row]
    assert not any(cell.startswith(("=", "+", "@", "-")) for cell in cells)
    svg = (out / "figures" / "forest.svg").read_text(encoding="utf-8")
    assert "<script" not in svg
    metaimt("build", folder, "--out", tmp_path / "elsewhere")
    assert contents(tmp_path / "elsewhere") == contents(out)
