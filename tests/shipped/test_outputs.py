"""The committed outputs add up, whatever the review holds: parts to wholes, tables to results.json, page to tables."""

from __future__ import annotations

import csv
import json
from functools import cache
from typing import Any

import pytest
from conftest import ROOT

OUTPUTS = ROOT / "outputs"
Row = dict[str, str]


@cache
def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OUTPUTS / "results.json").read_text(encoding="utf-8"))
    return found


@cache
def table(name: str) -> list[Row]:
    with (OUTPUTS / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


POOLS = tuple(results()["pools"])
COUNTS = ("responders", "evaluable", "reports")


def counts(found: Any) -> tuple[int, ...]:
    return tuple(int(found[name]) for name in COUNTS)


@pytest.mark.parametrize("pool", POOLS)
def test_strata_add_up_to_their_pool(pool: str) -> None:
    found = results()["pools"][pool]
    parts = [counts(stratum) for stratum in found["strata"].values()]
    assert tuple(map(sum, zip(*parts, strict=True))) == counts(found)


@pytest.mark.parametrize("pool", POOLS)
def test_every_unit_is_counted_or_left_out_with_a_reason(pool: str) -> None:
    counted = [row for row in table("units") if pool in row["counted_in"].split("; ")]
    left_out = [row for row in table("units") if pool not in row["counted_in"].split("; ")]
    found = results()["pools"][pool]
    assert sum(int(row["r"]) for row in counted) == found["responders"]
    assert sum(int(row["n"]) for row in counted) == found["evaluable"]
    assert len({row["report"] for row in counted}) == found["reports"]
    assert {row["unit"] for row in left_out} == {each["id"] for each in found["left_out"]}
    assert all(row[f"not_in_{pool}"] for row in left_out)
    assert not any(row[f"not_in_{pool}"] for row in counted)


@pytest.mark.parametrize("pool", POOLS)
def test_levels_of_each_grouping_add_up_to_the_pool(pool: str) -> None:
    for grouping, tables in results()["by"].items():
        levels = tables[pool]["levels"]
        for name in ("responders", "evaluable"):
            assert sum(level[name] for level in levels) == results()["pools"][pool][name], (grouping, name)


@pytest.mark.parametrize("pool", POOLS)
def test_reports_add_up_to_the_pool(pool: str) -> None:
    rows = [row for row in table("clusters") if row["pool"] == pool]
    assert sum(int(row["r"]) for row in rows) == results()["pools"][pool]["responders"]
    assert sum(int(row["n"]) for row in rows) == results()["pools"][pool]["evaluable"]
    assert len(rows) == results()["pools"][pool]["reports"]


def test_the_table_of_pools_is_that_of_the_results() -> None:
    for row in table("pools"):
        if row["kind"] == "pool":
            found = results()["pools"][row["group"]]
            found = found["strata"][row["stratum"]] if row["stratum"] else found
            assert counts(row) == counts(found)


def test_every_estimate_lies_in_its_interval() -> None:
    seen = 0

    def walk(found: Any) -> None:
        nonlocal seen
        if isinstance(found, dict):
            limits = [found.get(name) for name in ("lower", "estimate", "upper")]
            numbers = [value for value in limits if isinstance(value, int | float)]
            if len(numbers) == 3:
                assert numbers == sorted(numbers), found
                seen += 1
            found = list(found.values())
        if isinstance(found, list):
            for each in found:
                walk(each)

    walk(results())
    assert seen > 100


def test_every_file_of_the_review_is_listed_and_there() -> None:
    units = {row["file"] for row in table("units")}
    assert all((ROOT / name).is_file() for name in units)


def test_the_headline_stands_on_page_report_and_readme_alike() -> None:
    names = ("index.html", "report.md")
    for pool in POOLS:
        found = results()["pools"][pool]
        said = f"{found['responders']}/{found['evaluable']}"
        for name in names:
            assert said in (OUTPUTS / name).read_text(encoding="utf-8"), (pool, name)
        assert said in (ROOT / "README.md").read_text(encoding="utf-8"), pool
