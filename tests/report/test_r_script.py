"""reproduce.R agrees with ours where R is installed, and says so where it does not agree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from metaimt.analyses.by_model import compare_pools
from metaimt.analyses.comparison import compare
from metaimt.analyses.results import Results
from metaimt.casefiles.protocol import Priors
from metaimt.report.bias_tables import contrast_report_rows, contrast_rows
from metaimt.report.cells import Cell, Row, csv_text
from metaimt.report.exports import r_script, r_string
from metaimt.report.methods_text import method_rows
from metaimt.report.tables import (
    adjusted_rows,
    cluster_rows,
    leave_one_out_rows,
    pool_rows,
    sensitivity_contrast_rows,
    subgroup_rows,
)
from metaimt.statistics.adjusted import OTHER_PRIORS, SELECTION_PRIOR, adjusted_rate, odds_ratio
from metaimt.statistics.exact_tests import exact_test
from metaimt.statistics.partial_pooling import partial_pooling
from metaimt.statistics.posterior import PooledProportion, pool_parts, pool_proportion
from metaimt.statistics.proportion import Proportion, clopper_pearson

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
    "many": [(1, 12), (9, 10), (5, 8), (2, 15), (14, 15), (7, 7), (3, 6), (1, 1), (0, 1), (1, 1), (4, 9)],
    '=comma, "quoted" and \u00fc': [(2, 5), (4, 6), (3, 3)],
}

FEW = {"few": SETS["few, different"]}


def lacks_packages() -> bool:
    ask = "quit(status = !(requireNamespace('metafor', quietly = TRUE) && requireNamespace('lme4', quietly = TRUE)))"
    return subprocess.run(["Rscript", "-e", ask], capture_output=True, check=False).returncode != 0


needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")


def reproduced(folder: Path, locale: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["Rscript", "--vanilla", str(folder / "reproduce.R")],
        env={**os.environ, "LC_ALL": locale},
        capture_output=True,
        text=True,
        check=False,
    )


def made_up(folder: Path, sets: Mapping[str, list[tuple[int, int]]]) -> Path:
    """The script and its tables for `sets`, in a folder whose name has a space. The first two reports are trials."""
    clusters: list[Row] = []
    pools: list[Row] = []
    adjusted: list[Row] = []
    left_out: list[Row] = []
    contrasts: list[Row] = []
    reports: list[Row] = []
    for name, pairs in sets.items():
        place: dict[str, Cell] = {"kind": "pool", "group": name}
        for k, (r, n) in enumerate(pairs):
            side = ("trials", "trial") if k < 2 else ("cases", "case_report")
            told: dict[str, Cell] = {"report": f"example-{k}", "stratum": side[0], "design": side[1], "r": r, "n": n}
            clusters.append({"pool": name, **told})
            if len(rest := pairs[:k] + pairs[k + 1 :]):
                left_out.append(
                    {"pool": name, "left_out": f"example-{k}", **rated(rest, pool_proportion(*split(rest)))}
                )
        trials, others = pairs[:2], pairs[2:]
        pools.append({**place, "stratum": "", **rated(pairs, pool_proportion(*split(pairs)))})
        parts = [part for part in (trials, others) if part]
        for stratum, part, found in zip(
            ("trials", "cases"), parts, pool_parts([split(part) for part in parts]), strict=False
        ):
            pools.append({**place, "stratum": stratum, **rated(part, found)})
        if not others:
            continue
        for prior in (SELECTION_PRIOR, *OTHER_PRIORS):
            rate = adjusted_rate(split(trials), split(others), prior)
            limits = {"estimate": rate.estimate, "lower": rate.lower, "upper": rate.upper, "level": rate.level}
            shape = {"odds_ratio": prior.odds_ratio, "log_sd": prior.log_sd}
            adjusted.append({"pool": name, "prior": prior.wording(), **shape, **limits})
        odds = odds_ratio(split(others), split(trials))
        sides = {"group": f"others, {name}", "reference": "trials"}
        contrasts.append({**sides, "odds_ratio": odds.estimate, "lower": odds.lower, "upper": odds.upper})
        for part, label in ((others, "group"), (trials, "reference")):
            reports += [{**sides, "side": label, "report": str(k), "r": r, "n": n} for k, (r, n) in enumerate(part)]
    compared = {name: compare(*split(each), name=name) for name, each in sets.items()}
    tables: dict[str, Any] = {
        "clusters": clusters,
        "pools": pools,
        "adjusted": adjusted,
        "leave-one-out": left_out,
        "bias-contrasts": contrasts,
        "contrast-reports": reports,
        "subgroups": grouped(),
        "sensitivity-contrasts": (),
        "methods": method_rows(compared),
    }
    write(folder / "with space", tables)
    return folder / "with space"


def grouped() -> list[Row]:
    """One grouping with a level nobody knows."""
    levels = {"a": (1, 5), "b": (30, 33), "c": (2, 2)}
    found = partial_pooling(*split(list(levels.values())))
    p = exact_test(*split(list(levels.values()))).p  # type: ignore[union-attr]
    rows: list[Row] = []
    for (level, (r, n)), group in zip(levels.items(), found.groups, strict=True):
        share, drawn = clopper_pearson(r, n), group.rate
        pooled = {"pooled_median": drawn.median, "pooled_lower": drawn.lower, "pooled_upper": drawn.upper}
        exact = {"orr": share.estimate, "lower": share.lower, "upper": share.upper}
        counts: dict[str, Cell] = {"responders": r, "evaluable": n, **exact}
        told: dict[str, Cell] = {"grouping": "histology", "pool": "made up", "level": level, **counts, **pooled}
        rows.append({**told, "test_p": p, "test": "exact by enumeration"})
    unknown: dict[str, Cell] = {
        "level": "not reported",
        "pooled_median": None,
        "pooled_lower": None,
        "pooled_upper": None,
    }
    return [*rows, {**rows[0], **unknown}]


def split(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [r for r, _ in pairs], [n for _, n in pairs]


def rated(pairs: list[tuple[int, int]], found: PooledProportion | Proportion) -> dict[str, Cell]:
    counts = {"responders": sum(r for r, _ in pairs), "evaluable": sum(n for _, n in pairs)}
    return {**counts, "orr": found.estimate, "lower": found.lower, "upper": found.upper, "method": found.method}


def write(folder: Path, tables: dict[str, Any]) -> None:
    (folder / "tables").mkdir(parents=True)
    for name, rows in tables.items():
        (folder / "tables" / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8")
    (folder / "reproduce.R").write_text(r_script(HOSTILE, "2026.1", Priors()), encoding="ascii")


@needs_r
@pytest.mark.slow
def test_the_frozen_review_is_reproduced(shipped: Results, tmp_path: Path) -> None:
    if lacks_packages():
        pytest.skip("R lacks metafor or lme4")
    tables = {
        "clusters": cluster_rows(shipped.response),
        "pools": pool_rows(shipped.response),
        "adjusted": adjusted_rows(shipped.response),
        "leave-one-out": leave_one_out_rows(shipped.sensitivity),
        "bias-contrasts": contrast_rows(shipped.publication_bias),
        "contrast-reports": contrast_report_rows(shipped.publication_bias),
        "subgroups": subgroup_rows(shipped.subgroups),
        "sensitivity-contrasts": sensitivity_contrast_rows(shipped.sensitivity),
        "methods": method_rows(shipped.comparison),
    }
    write(tmp_path / "out", tables)
    script = r_script(HOSTILE, "2026.1", shipped.protocol.priors)
    (tmp_path / "out" / "reproduce.R").write_text(script, encoding="ascii")
    done = reproduced(tmp_path / "out")
    assert done.returncode == AGREE, done.stdout[-2000:] + done.stderr
    assert re.search(r"\n0 of [1-9]\d\d+ differ\.\n$", done.stdout)
    kinds = ("posterior", "odds ratio", "partial pooling", "exact", "search", "quadrature")
    assert all(f"\n{kind}: " in done.stdout for kind in kinds)


@needs_r
@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_reports_of_every_shape_are_reproduced(tmp_path: Path, locale: str) -> None:
    done = reproduced(made_up(tmp_path, SETS), locale)
    assert done.returncode == AGREE, done.stdout + done.stderr
    for name in ("posterior", "edge", "odds ratio", "partial pooling", "exact", "search"):
        assert f"\n{name}: " in done.stdout
    if locale == "C.UTF-8":
        assert done.stdout.startswith(f"{HOSTILE}, version 2026.1\n")


WRONG = [
    ("pools", "pool,{0},,", 1e-3),
    ("pools", "pool,{0},cases,", 1e-3),
    ("adjusted", '{0},"N\\(log 2, 0.7\\)",2,0.7,', 1e-3),
    ("leave-one-out", "{0},example-3,", 1e-3),
    ("bias-contrasts", '"others, {0}",trials,', 0.05),
    ("subgroups", "histology,made up,b,", 1e-3),
]


@needs_r
@pytest.mark.parametrize(("sets", "name"), [(FEW, "few"), (SETS, "many")])
@pytest.mark.slow
def test_numbers_that_are_wrong_are_found_and_no_others(
    tmp_path: Path, sets: Mapping[str, list[tuple[int, int]]], name: str
) -> None:
    """In each table the first number with a decimal point in that row."""
    folder = made_up(tmp_path, sets)
    for table, row, by in WRONG:
        path = folder / "tables" / f"{table}.csv"
        pattern = re.compile(rf"(?m)^({row.format(name)}(?:[^\n]*?,)??)(\d+\.\d+)(?=,)")
        text = path.read_text(encoding="utf-8")
        found = pattern.search(text)
        assert found
        changed = f"{text[: found.start(2)]}{float(found[2]) + by}{text[found.end(2) :]}"
        path.write_text(changed, encoding="utf-8")
    done = reproduced(folder)
    assert done.returncode == DIFFER, done.stdout
    assert done.stdout.count("  DIFFERS\n") == len(WRONG)


@needs_r
def test_without_its_tables_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "reproduce.R").write_text(r_script("Made up", "1", Priors()), encoding="ascii")
    done = reproduced(tmp_path)
    assert done.returncode == CANNOT_RUN
    assert "run metaimt build" in done.stderr


def test_text_in_the_script_is_a_string_and_ascii() -> None:
    assert r_string('a"b\\') == '"a\\"b\\\\"'
    assert r_string("\n\x00") == '"\\\\x0a\\\\x00"'
    assert r_string("\u00fc") == '"\\U000000fc"'
    assert r_script(HOSTILE, HOSTILE, Priors()).isascii()


def test_the_table_that_r_reads_is_that_of_results_json(outputs: Path, shipped: Results) -> None:
    told = json.loads((outputs / "results.json").read_text(encoding="utf-8"))["methods"]
    rows = [
        row
        for row in method_rows(compare_pools(shipped.response.pools, shipped.protocol))
        if row["section"] == "methods"
    ]
    assert len(rows) > 20
    for row in rows:
        model = told[str(row["data"])]["methods"][str(row["model"])]
        model = model["reports_of_two_or_more"] if row["part"] else model
        model = model[str(row["rate"])] if row["rate"] else model
        for field in ("estimate", "lower", "upper"):
            assert model[field] == pytest.approx(row[field], rel=1e-9)
