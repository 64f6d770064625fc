"""What changed a number of a version: a decision table on made-up versions of one pool, one row and three units."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeReview
from made_up_review import frozen, small_review

from metaimt.casefiles.version_files import read_version, sealed
from metaimt.report.verification_text import verification_text
from metaimt.review import verify
from metaimt.serialise import to_json
from metaimt.versions.side import Placing
from metaimt.versions.verification import ABSENT, Causes, Compared, counts_of

Sides = tuple[dict[str, Any], dict[str, Any], dict[str, Placing], dict[str, Placing], list[str]]


def entry(r: int, n: int, estimate: float) -> dict[str, Any]:
    orr = {"estimate": estimate, "lower": 0.1, "upper": 0.9, "method": "exact"}
    return {"responders": r, "evaluable": n, "reports": 2, "orr": orr}


def sides() -> Sides:
    """Nothing differs: unit a/P1 and b/P1 in the pool, c/P1 in the row."""
    levels = [{"level": "adult", **entry(1, 1, 1.0)}, {"level": "child", **entry(0, 1, 0.0)}]
    results = {
        "headline": "main",
        "pools": {"main": {**entry(1, 2, 0.5), "strata": {"trials": entry(1, 1, 0.75)}}},
        "rows": {"other": entry(1, 1, 1.0)},
        "by": {"age": {"main": {"levels": levels}}},
        "sensitivity": {"leave_one_out": [{"pool": "main", "report": "a", "without": entry(0, 1, 0.25)}]},
        "plain": 4,
    }
    main, other = {"main": (), "other": ("main",)}, {"main": ("other",), "other": ()}
    placings = {"a/P1": Placing(1, 1, main), "b/P1": Placing(0, 1, main), "c/P1": Placing(1, 1, other)}
    return results, copy.deepcopy(results), placings, dict(placings), []


def left_out(side: Sides, unit: str) -> None:
    side[3][unit] = Placing(1, 1, {"main": ("a rule",), "other": ("a rule",)})


def moved(side: Sides, path: str, value: Any = 0.3) -> None:
    """Another value in the results of today; None: no such value."""
    *parents, last = path.split(".")
    at: Any = side[1]
    for name in parents:
        at = at[int(name) if isinstance(at, list) else name]
    if value is None:
        del at[last]
    else:
        at[last] = value


MAIN, OTHER, STRATUM = "pools.main.orr.estimate", "rows.other.orr.estimate", "pools.main.strata.trials.orr.estimate"
ADULT = "by.age.main.levels.adult.orr.estimate"
WITHOUT = "sensitivity.leave_one_out.main a.without.orr.estimate"
IN_LISTS = {ADULT: "by.age.main.levels.0.orr.estimate", WITHOUT: "sensitivity.leave_one_out.0.without.orr.estimate"}

# what is so, the number that moved, a unit that left, a record that is read otherwise, more that moved -> cause
DECISIONS: list[tuple[str, str, str, str, dict[str, Any], str]] = [
    ("the same units", MAIN, "", "", {}, "method"),
    ("a unit left", MAIN, "a/P1", "", {}, "selection"),
    ("a unit left another group", MAIN, "c/P1", "", {}, "method"),
    ("a unit left that group", OTHER, "c/P1", "", {}, "selection"),
    ("the counts beside it moved", MAIN, "", "", {"pools.main.reports": 1}, "selection"),
    ("counts further off moved", MAIN, "", "", {"pools.main.strata.trials.reports": 1}, "method"),
    ("a count itself", "pools.main.responders", "", "", {}, "selection"),
    ("a record that it counts", MAIN, "", "a", {}, "data"),
    ("a record that another counts", MAIN, "", "c", {}, "method"),
    ("a record, and so a unit left", MAIN, "a/P1", "a", {}, "data"),
    ("a unit left, and a record that another counts", MAIN, "a/P1", "c", {}, "selection"),
    ("a stratum of the pool that a unit left", STRATUM, "a/P1", "", {}, "selection"),
    ("a level, the same units", ADULT, "", "", {}, "method"),
    ("a level with other counts", ADULT, "", "", {"by.age.main.levels.0.evaluable": 2}, "selection"),
    ("without a report", WITHOUT, "", "", {}, "method"),
    ("without a report, a record", WITHOUT, "", "b", {}, "data"),
    ("of no group", "plain", "", "", {}, "method"),
    ("of no group, a unit left any", "plain", "c/P1", "", {}, "selection"),
    ("of no group, any record", "plain", "", "c", {}, "data"),
    ("a text", "pools.main.orr.method", "", "", {}, "method"),
]


@pytest.mark.parametrize(
    ("path", "unit", "record", "more", "cause"), [row[1:] for row in DECISIONS], ids=[row[0] for row in DECISIONS]
)
def test_the_cause(path: str, unit: str, record: str, more: dict[str, Any], cause: str) -> None:
    side = sides()
    for name, value in {IN_LISTS.get(path, path): 0.3, **more}.items():
        moved(side, name, value)
    if unit:
        left_out(side, unit)
    side[4].extend(filter(None, [record]))
    found = {one.path: one for one in Causes(*side).values()}[path]
    assert (found.outcome, found.cause) == ("changed", cause)


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(0.5, "reproduced"), (0.5 + 1e-8, "reproduced"), (0.50001, "changed"), ("0.5", "changed"), (None, "only frozen")],
)
def test_the_outcome(value: Any, outcome: str) -> None:
    side = sides()
    moved(side, MAIN, value)
    left_out(side, "a/P1")
    found = {one.path: one for one in Causes(*side).values()}
    assert (found[MAIN].outcome, found[MAIN].cause) == (outcome, "" if outcome == "reproduced" else "selection")
    assert {one.outcome for path, one in found.items() if path != MAIN} == {"reproduced"}
    backwards = Causes(side[1], side[0], *side[2:])
    mirrored = {one.path: one.outcome for one in backwards.values()}[MAIN]
    assert mirrored == {"only frozen": "only now"}.get(outcome, outcome)


def test_a_unit_with_other_counts_is_selection() -> None:
    side = sides()
    moved(side, MAIN)
    side[3]["b/P1"] = Placing(1, 1, side[2]["b/P1"].left_out)
    assert [one.cause for one in Causes(*side).values() if one.cause] == ["selection"]


def test_a_headline_number_has_the_cause_of_its_rate() -> None:
    side = sides()
    moved(side, MAIN)
    left_out(side, "a/P1")
    side[1]["rows"].clear()
    found = {number.group.name: (number.new is None, cause) for number, cause in Causes(*side).headline(str)}
    assert found == {"main": (False, "selection"), "main/trials": (False, ""), "other": (True, "method")}


def test_the_most_important_comes_first() -> None:
    side = sides()
    for result in side[:2]:
        result["pools"]["a_first_by_name"] = entry(1, 2, 0.5)
    side[2]["d/P1"] = side[3]["d/P1"] = Placing(1, 1, {"a_first_by_name": ()})
    sections = [one.section for one in Causes(*side).values()]
    assert list(dict.fromkeys(sections)) == ["pools", "rows", "by", "sensitivity", "headline", "plain"]
    pools = [one.path.split(".")[1] for one in Causes(*side).values() if one.section == "pools"]
    assert list(dict.fromkeys(pools)) == ["main", "a_first_by_name"]


def test_each_number_is_counted_once() -> None:
    causes = ("", "data", "selection", "method", "method", "method", "method")
    values = [(1, 1), (1, 2), (1, 2), (1, 2), (1, ABSENT), (ABSENT, 1), ("a", "b")]
    found = counts_of(Compared("x", *pair, cause) for pair, cause in zip(values, causes, strict=True))
    assert found == {
        "frozen": 5, "reproduced": 1, "data": 1, "selection": 1, "method": 1, "only frozen": 1, "only now": 1
    }  # fmt: skip


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    """A made-up review of which 2026.1 is frozen."""
    return frozen(small_review(make_review))


@pytest.mark.usefixtures("remembered")
@pytest.mark.parametrize("cause", ["data", "selection", "method"])
def test_each_cause_from_a_version_file(cause: str, review: Path) -> None:
    path = review / "versions" / "2026.1.json.bz2"
    content = {name: part for name, part in read_version(path).items() if name != "seal"}
    content["results"]["pools"]["strict"]["orr"]["upper"] -= 0.01
    if cause == "selection":
        content["analysis_set"]["example-b/P1"]["groups"]["strict"] = "counted"
    if cause == "data":
        content["records"]["example-a"]["sha256"] = "0" * 64
    path.write_bytes(sealed(content))
    found = verify("2026.1", review)
    assert [(one.path, one.cause) for one in found.differing] == [("pools.strict.orr.upper", cause)]
    assert [one for _, one in found.headline if one] == [cause]
    assert f"({cause})" in verification_text(found)
    told = [one for one in to_json(found)["headline"] if one["caused_by"]]
    assert [(one["group"], one["caused_by"]) for one in told] == [("strict", cause)]
