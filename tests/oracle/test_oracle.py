"""The oracle and the package agree, on the frozen review and on made-up ones; a changed number does not go unseen."""

from __future__ import annotations

import ast
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import recompute
import yaml
from agreement import AT_EDGE, COUNTS, DRAWN_RATE, EDGE, LIMITS, ODDS, RHO, TOLERANCE, differences
from conftest import FROZEN, MakeReview, arm, course, link, patient, report

from metaimt.analyses.breakdown import breakdown, evidence_map
from metaimt.analyses.contrasts import wording_contrasts
from metaimt.analyses.over_time import over_time
from metaimt.analyses.results import Results, settings
from metaimt.analyses.sensitivity import sensitivity, specification_grid
from metaimt.analyses.subgroups import subgroups
from metaimt.review import load, respond
from metaimt.serialise import to_json
from metaimt.statistics.posterior import confidence_sequence

pytestmark = pytest.mark.usefixtures("remembered")
HERE = Path(__file__).parent
Reports = list[dict[str, Any]]


def results_of(folder: Path) -> dict[str, Any]:
    """The parts of results.json that the oracle recomputes, without the slower analyses of `metaimt.run`."""
    loaded = load(folder)
    protocol = loaded.protocol
    selection, response = respond(loaded)
    by = {
        name: {pool: to_json(breakdown(selection, pool, name)) for pool in response.pools}
        for name in protocol.subgroups
    }
    contrasts = [to_json(each) for each in wording_contrasts(selection, protocol)]
    told = ("name", "kind", "group", "reference", "odds_ratio", "lower", "upper")
    sides = [{name: each[name] for name in told} for each in contrasts]
    found = {
        **to_json(response),
        "evidence_map": {pool: to_json(evidence_map(selection, pool)) for pool in response.pools},
        "publication_bias": {"contrasts": sides},
        "settings": settings(protocol),
        "by": by,
        "subgroups": to_json(subgroups(selection, protocol)),
        "sensitivity": to_json(sensitivity(loaded.library, protocol, selection)),
        "over_time": [to_json(each) for each in over_time(loaded.library, protocol, selection)],
        "specification": to_json(specification_grid(loaded.library, protocol)),
    }
    return dict(json.loads(json.dumps(found)))


def single(*patients: dict[str, Any], **more: Any) -> Reports:
    """A made-up report for each patient: case-a, case-b ..."""
    return [report(f"case-{chr(97 + number)}", one, **more) for number, one in enumerate(patients)]


def trial(id: str, *arms: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A made-up trial."""
    return report(id, arms=list(arms), design="trial", **more)


def inferred(response: str, **more: Any) -> dict[str, Any]:
    """A made-up course whose response is inferred."""
    return course(response, **{"response_basis": "inferred", **more})


# What the real evidence does not hold, or holds once. Everything is made up.
EVERY_KIND = single(
    patient(course("CR", response_basis="measured"), course("PD"), course("PR"), age=17.9, sex="female", site="lung"),
    patient(course("SD"), course(None), age=18, sex="male", site="head_and_neck"),
    patient(course("PD", stop_reason="progression"), age=0.8, histology="EIMS"),
    patient(course("NE", stop_reason="death"), age=40),
    patient(course("NE", stop_reason="toxicity"), inferred("PR", drug="ceritinib")),
    patient(course(None), course("PR", drug="lorlatinib")),
    patient(course(None), course("PR", drug="lorlatinib"), histology="other"),
    patient(inferred("PR"), histology="EIMS"),
    patient(inferred("PD", response_alternatives=["SD"])),
    patient(course("SD", response_alternatives=["PR"])),
    patient(course("PR", response_alternatives=["NE"])),
    patient(inferred("PR", response_alternatives=["SD"], combined_with=["surgery"], drug="alectinib")),
    patient(course("CR", combined_with=["surgery"])),
    patient(course("PR", drug="unspecified ALK inhibitor"), course("SD", drug="alectinib")),
    patient(course("PR"), ihc={}),
    patient(course("PR"), ihc={"ALK": "negative"}),
    patient(course("SD"), ihc={"ALK": "negative"}, fusion_gene="ALK", fusion_partner="TPM3"),
    patient(course("PR"), ihc={"ALK": "negative"}, rearranged={"ALK": True}),
    patient(course("PR"), rearranged={"ALK": False}),
    patient(course("PR"), fusion_gene="ROS1"),
    patient(course("SD"), ihc={}, fusion_gene="NTRK3"),
    patient(course("PR"), histology="other"),
)
EVERY_KIND += [
    report("read-in-another", patient(course("PD")), extraction={"depth": "secondary", "secondary_source": "made up"}),
    report("read-by-title", patient(course("PR")), extraction={"depth": "title"}),
    report("read-in-full", patient(course("PD")), extraction={"depth": "full_text"}, setting="local", design="cohort"),
    report("two-patients", patient(course("PR")), patient(course("SD"), id="P2"), design="case_series"),
]
ARMS = [
    trial("trial-a", arm(5, 9, cr=2, pr=3, sd=3, pd=1, line="first", population="paediatric")),
    trial("trial-b", arm(2, 6, population="adult"), arm(1, 2, line="later", sd=1)),
    trial("trial-c", arm(3, 4, cr=0, status={"ALK": "mixed"}), arm(0, 3, sd=2, status={"ALK": "negative"})),
    report("cohort-a", arms=[arm(7, 8, combined_with=["surgery"], population="mixed")], design="cohort"),
    report("cohort-b", arms=[arm(4, 4, response_basis="inferred", cr=1)], design="cohort"),
    report("cohort-c", arms=[arm(2, 3, status={}), arm(0, 0)], design="cohort"),
    report("series-a", patient(course("PR")), arms=[arm(1, 1, histology="EIMS")], design="case_series"),
]
UNANIMOUS = [
    trial("trial-a", arm(4, 4, cr=1, sd=0)),
    trial("trial-b", arm(0, 3, cr=0, sd=2)),
    *single(patient(course("PR")), patient(course("SD")), patient(course("CR"))),
]
APART = [trial(f"trial-{n}", arm(r, 9, cr=r // 2, sd=0)) for n, r in enumerate((0, 1, 1, 2, 4, 5, 7, 8, 9, 9))]
LINKED = [
    trial("early-2015", arm(3, 8), arm(1, 1), year=2015, overlaps=["middle-2017", "late-2020"]),
    trial("middle-2017", arm(4, 8), arm(0, 2), year=2017, overlaps=["early-2015", "late-2020"]),
    trial("late-2020", arm(6, 8, cr=1, sd=1), arm(2, 2), year=2020, overlaps=["early-2015", "middle-2017", "one-2016"]),
    report("one-2016", patient(course("PR"), course("PD")), patient(course("SD"), id="P2"), overlaps=["late-2020"]),
    report("whole-2018", patient(course("PR")), patient(course("PR"), id="P2"), overlaps=["other-2019"]),
    report("other-2019", patient(inferred("PD")), overlaps=["whole-2018", "third-2021"]),
    report("third-2021", patient(course("CR"), histology="other"), overlaps=["other-2019"]),
    trial("before-2014", arm(1, 5), year=2014, overlaps=["after-2019"]),
    trial("after-2019", arm(4, 5), year=2019, overlaps=["before-2014"]),
    report("named-2018", patient(course("PR")), overlaps=["sarcoma-2019"]),
    report("sarcoma-2019", patient(course("PR"), histology="other"), overlaps=["named-2018"]),
    report("apart-2022", patient(course("PR")), overlaps=["maybe-2022"]),
    report("maybe-2022", patient(course("SD")), overlaps=["apart-2022"]),
]
LINKS = [
    link("before-2014", "after-2019", "before-2014/arm1 = after-2019/arm1", certainty="probable"),
    link("maybe-2022", "apart-2022", certainty="possible"),
    link("early-2015", "late-2020", "late-2020/arm1 = early-2015/arm1", "early-2015/arm2 in late-2020/arm2"),
    link("early-2015", "middle-2017", "early-2015/arm1 = middle-2017/arm1"),
    link("middle-2017", "late-2020", "middle-2017/arm1 = late-2020/arm1"),
    link("one-2016", "late-2020", "one-2016/P1 in late-2020/arm2", certainty="probable"),
    link("named-2018", "sarcoma-2019", "named-2018/P1 = sarcoma-2019/P1"),
    link("other-2019", "third-2021"),
    link("whole-2018", "other-2019", certainty="probable"),
]
OTHER_RULES: dict[str, Any] = {
    "priors": {"mu": [0.5, "3/4"], "rho": [1, 2], "subgroup_mean_sd": 2.5, "subgroup_sd_scale": 0.5},
    "links": {"apply": ["certain"]},
    "strata": {"trials": ["trial"], "series": ["case_series", "case_report"]},
    "subgroups": ["marker_evidence", "population", "design", "depth", "response_basis", "year", "report", "drug"],
    "pools": {
        "narrow": {"rows": ["alk_positive"], "combined_with": "none", "disputed": False, "drug": "named"},
        "late": {"rows": ["alk_positive", "ros1"], "line": "later"},
    },
    "sensitivity": [
        "each report left out",
        {"name": "trials", "design": ["trial"]},
        {"name": "deaths out", "death_before_assessment": "not_evaluable"},
        {
            "name": "stated, and inferred as failures",
            "response_basis": ["stated", "inferred"],
            "inferred": "non_response",
        },
        {"name": "outcome ascertained", "appraisal": {"exposure": "yes", "outcome": "yes"}},
        {"name": "outcome not known", "appraisal": {"outcome": "unclear"}},
        {"name": "children and both", "age_group": ["child", "mixed"], "histology": ["IMT"]},
        {"name": "weights", "discount": {"stratum": "series", "weights": [0, 0.3, 1]}},
    ],
}
FORMAT_1: dict[str, Any] = {
    **yaml.safe_load((FROZEN / "cases" / "review.yaml").read_text(encoding="utf-8")),
    "format": 1,
}

# Format 2. A drug fits by its targets; a regimen is one treatment if each of its drugs fits.
NO_NAME, NO_TARGET = "unspecified ALK inhibitor", "unspecified kinase inhibitor"
TARGETS = single(
    patient(course("PR", drug="larotrectinib")),
    patient(course("SD", drug="crizotinib")),
    patient(course("PR", drug=NO_NAME)),
    patient(course("PR", drug=NO_TARGET)),
    patient(course("PR", drug=["crizotinib", "larotrectinib"])),
    patient(course("SD", drug=["ceritinib", "alectinib"])),
    patient(course("PR", drug="entrectinib"), course("PD", drug="pralsetinib")),
    patient(course("PR", drug="pralsetinib"), ihc={}, fusion_gene="RET"),
    patient(course("PR", drug="crizotinib"), ihc={}, fusion_gene="ROS1"),
    patient(course("SD", drug="alectinib"), ihc={}, fusion_gene="ROS1"),
    patient(course("CR", drug=[NO_TARGET, "crizotinib"])),
    patient(course("PR", drug="larotrectinib"), ihc={}),
)
POOLS_WITH_TARGETS: dict[str, Any] = {
    "pools": {
        "narrow": {"rows": ["alk_positive"], "targets": ["ROS1"], "combined_with": "none", "drug": "named"},
        "unsaid": {"rows": ["alk_positive", "alk_not_stated"], "targets": ["ALK", "not_stated"]},
        "whichever": {"rows": ["alk_positive", "alk_not_stated"], "targets": ["any"], "combined_with": "none"},
    }
}

# A positive kinase decides the row, however it is written.
KINASES: dict[str, tuple[str | None, dict[str, Any]]] = {
    "case-a": ("alk_positive", {"ihc": {"ALK": "positive"}}),
    "case-b": ("ros1", {"ihc": {"ROS1": "positive"}}),
    "case-c": ("ros1", {"ihc": {"ALK": "negative", "ROS1": "positive"}}),
    "case-d": ("alk_positive", {"ihc": {"ALK": "positive", "ROS1": "positive"}}),
    "case-e": ("ros1", {"ihc": {"ALK": "positive"}, "fusion_gene": "ROS1"}),
    "case-f": ("other_kinase", {"ihc": {"RET": "positive"}}),
    "case-g": ("ntrk", {"ihc": {}, "rearranged": {"NTRK3": True}}),
    "case-h": ("alk_negative", {"ihc": {"ALK": "negative", "SMA": "positive"}}),
    "case-i": ("alk_not_stated", {"ihc": {"SMA": "positive"}}),
    "case-j": ("braf", {"ihc": {}, "mutations": [{"gene": "BRAF", "change": "V600E"}]}),
    "case-k": ("braf_other", {"ihc": {}, "mutations": [{"gene": "BRAF", "change": "G469A"}]}),
    "case-l": ("ros1", {"ihc": {"RET": "positive", "ROS1": "positive"}}),
    "case-m": ("other_kinase", {"ihc": {"ALK": "negative", "MET": "positive"}}),
    "case-n": ("ntrk", {"ihc": {"ALK": "positive"}, "fusion_gene": "NTRK3"}),
    "case-o": (None, {"ihc": {"NTRK2": "positive"}, "fusion_gene": "NTRK1"}),
}
KINASE_ROWS: dict[str, Any] = {
    "rows": {
        "braf": {"mutation": "BRAF", "change": "V600E", "targets": ["any"]},
        "braf_other": {"mutation": "BRAF", "targets": ["any"]},
        "alk_positive": {"marker": "ALK", "status": "positive", "targets": ["ALK"]},
        "alk_not_stated": {"marker": "ALK", "status": "not_stated", "targets": ["ALK"]},
        "alk_negative": {"marker": "ALK", "status": "negative", "targets": ["ALK"]},
        "ros1": {"fusion_gene": "ROS1", "targets": ["ROS1"]},
        "ntrk": {"marker": "NTRK3", "status": "positive", "targets": ["NTRK3"]},
        "ntrk_negative": {"marker": "NTRK1", "status": "negative", "targets": ["any"]},
        "other_kinase": {"fusion_gene": "other", "targets": ["any"]},
    }
}
BY_KINASE = [
    report(id, {**patient(course("PR", drug="entrectinib")), "ihc": {}, **genes}) for id, (_, genes) in KINASES.items()
]


def with_overlaps(reports: Reports, links: list[dict[str, Any]]) -> Reports:
    """The reports naming each other as the links do."""
    for one, other in (each["reports"] for each in links):
        for each in reports:
            if each["report"]["id"] in {one, other}:
                each["report"].setdefault("overlaps", []).append(other if each["report"]["id"] == one else one)
    return reports


SURGERY = {"combined_with": ["surgery"]}
CHAIN_LINKS = [
    # A patient in a part of a trial; neither the trial nor the part meets strict.
    link("small-2019", "large-2020", "small-2019/arm1 in large-2020/arm1"),
    link("part-2018", "small-2019", "part-2018/P1 in small-2019/arm1", certainty="possible"),
    # The same patient three times; the preferred description says no response.
    link("one-2015", "two-2016", "one-2015/P1 = two-2016/P1"),
    link("two-2016", "three-2017", "three-2017/P1 = two-2016/P1"),
    # Two arms that hold the same patient, and two that are parts of a third.
    link("held-2016", "left-2017", "held-2016/P1 in left-2017/arm1"),
    link("held-2016", "right-2018", "held-2016/P1 in right-2018/arm1"),
    link("parts-2018", "whole-2019", "parts-2018/arm1 in whole-2019/arm1", "parts-2018/arm2 in whole-2019/arm1"),
    # Nobody knows which: nothing follows for a third.
    link("vague-2018", "vague-2019"),
    link("vague-2020", "vague-2019", "vague-2020/P1 = vague-2019/P1"),
    # The preferred text has its response inferred.
    link("named-2018", "words-2019", "named-2018/P1 = words-2019/P1"),
    # Noted, and both counted: also where one of the two gives way to a third.
    {"reports": ["noted-2017", "one-2015"], "patients": ["noted-2017/P1 = one-2015/P1"], "certainty": "possible"},
    {"reports": ["noted-2017", "right-2018"], "certainty": "possible"},
]
CHAINS = with_overlaps(
    [
        trial("large-2020", arm(5, 8, **SURGERY)),
        trial("small-2019", arm(2, 4, **SURGERY)),
        report("part-2018", patient(course("PR"))),
        report("one-2015", patient(course("PD"))),
        report("two-2016", patient(course("PR"))),
        report("three-2017", patient(course(None), course("CR"))),
        report("held-2016", patient(course("SD"))),
        trial("left-2017", arm(3, 5)),
        trial("right-2018", arm(1, 5)),
        trial("whole-2019", arm(4, 9, response_basis="inferred")),
        trial("parts-2018", arm(1, 3), arm(2, 2)),
        report("vague-2018", patient(course("PR"))),
        report("vague-2019", patient(course("NE", stop_reason="toxicity"))),
        report("vague-2020", patient(course("SD"))),
        report("words-2019", patient(inferred("PR"))),
        report("named-2018", patient(course("SD"))),
        report("noted-2017", patient(course("PR"))),
    ],
    CHAIN_LINKS,
)
WITHIN_LINKS = [
    link("eims-a", "first-trial", "eims-a/P1 in first-trial/arm1"),
    link("imt-b", "first-trial", "imt-b/P1 in first-trial/arm1", certainty="probable"),
    link("imt-b", "imt-c", "imt-b/P1 = imt-c/P1"),  # once, by the description with a response
    link("maybe-d", "first-trial", "maybe-d/P1 in first-trial/arm1", certainty="possible"),
    link("silent-e", "first-trial", "silent-e/P1 in first-trial/arm1"),  # some responded: who knows
    link("silent-f", "all-trial", "silent-f/P1 in all-trial/arm1"),  # all responded
    link("no-room-g", "all-trial", "no-room-g/P1 in all-trial/arm1"),
    link("silent-h", "none-trial", "silent-h/P1 in none-trial/arm1"),  # none did
    link("apart-i", "mixed-cohort", "apart-i/P1 in mixed-cohort/arm1"),  # he meets strict, the arm does not
]
WITHIN = with_overlaps(
    [
        trial("first-trial", arm(6, 8, population="mixed")),
        trial("all-trial", arm(3, 3, site="lung", drug="ceritinib")),
        trial("none-trial", arm(0, 2, fusion_gene="ALK", fusion_partner="TPM3")),
        report("mixed-cohort", arms=[arm(4, 6, **SURGERY)], design="cohort"),
        report(
            "eims-a", patient(course("SD", drug="alectinib"), histology="EIMS", age=5, sex="female", site="abdomen")
        ),
        report("imt-b", patient(course("PR"), age=40, fusion_gene="ALK", fusion_partner="TFG")),
        report("imt-c", patient(course(None), course("PD"), site="head_and_neck")),
        report("maybe-d", patient(course("PR"), histology="EIMS")),
        report("silent-e", patient(course(None), histology="EIMS")),
        report("silent-f", patient(course(None), histology="EIMS", sex="male")),
        report("no-room-g", patient(course("PD"), histology="EIMS")),
        report("silent-h", patient(course(None), age=70, site="lung")),
        report("apart-i", patient(course("PR"), site="lung")),
    ],
    WITHIN_LINKS,
)
UNCOUNTED_LINKS = [
    link("inside-2019", "treated-2020", "inside-2019/P1 in treated-2020/arm1"),
    link("read-2020", "not-yet-2021", "not-yet-2021/P1 = read-2020/P1"),
]
UNCOUNTED = with_overlaps(
    [
        trial("treated-2020", {key: told for key, told in arm(4, 9, cr=1).items() if key != "evaluable"}),
        report("inside-2019", patient(course("PR"))),
        report(
            "not-yet-2021", patient(course("PR")), patient(course("PR"), id="P2"), status="pending", reason="Made up."
        ),
        report("read-2020", patient(course("SD"))),
    ],
    UNCOUNTED_LINKS,
)
MADE_UP: dict[str, tuple[Reports, list[dict[str, Any]], dict[str, Any]]] = {
    "every kind of patient": (EVERY_KIND, [], {}),
    "arms, fewer than ten reports": (ARMS, [], {}),
    "larger reports unanimous": (UNANIMOUS, [], {}),
    "ten reports that differ": (APART, [], {}),
    "nine reports that differ": (APART[1:], [], {}),
    "single cases only": (single(*[patient(course(found)) for found in ("PR", "PR", "SD", "CR")]), [], {}),
    "one report": ([trial("trial-a", arm(3, 5))], [], {}),
    "links": (LINKED, LINKS, {}),
    "another protocol": ([*EVERY_KIND, *ARMS, *LINKED], LINKS, OTHER_RULES),
    "links of format 1": ([*LINKED, *UNCOUNTED], [*LINKS, *UNCOUNTED_LINKS], FORMAT_1),
    "targets": (TARGETS, [], {}),
    "pools with targets": (TARGETS, [], POOLS_WITH_TARGETS),
    "positive kinases": (BY_KINASE, [], KINASE_ROWS),
    "chains and stand-ins": (CHAINS, CHAIN_LINKS, {}),
    "patients within arms": (WITHIN, WITHIN_LINKS, {}),
    "pending files, and arms without a denominator": (UNCOUNTED, UNCOUNTED_LINKS, {}),
}
# By hand: responders and evaluable patients of each pool, and of the rest of the widest.
BY_HAND: dict[str, dict[str, tuple[int, int]]] = {
    # Of the twelve b, f and g are given drugs that all hit ALK and are named; c, e and k are wider.
    "targets": {"strict": (1, 3), "all_evidence": (4, 6), "rest": (3, 3)},
    # ROS1: b and g, and none of the regimens; f has alectinib in it. a and l have a drug with another target.
    "pools with targets": {"narrow": (1, 2), "unsaid": (5, 7), "whichever": (7, 9), "rest": (6, 7)},
    "positive kinases": {"strict": (2, 2), "all_evidence": (3, 3), "rest": (1, 1)},
    # strict: part, two, left, both parts, vague-2018, vague-2020, named, noted. all: large, two, left, whole,
    # vague-2018 and -2020, words, noted. The rest: large without part, and whole without its parts.
    "chains and stand-ins": {"strict": (10, 16), "all_evidence": (16, 27), "rest": (5, 11)},
    # strict: three trials, apart-i. all: three trials, the cohort. The rest: the cohort without apart-i.
    "patients within arms": {"strict": (10, 14), "all_evidence": (13, 19), "rest": (3, 5)},
    "pending files, and arms without a denominator": {"strict": (1, 2), "all_evidence": (1, 2), "rest": (0, 0)},
    # strict: middle arm 2, late, one P2, after, named, apart, read; all: other-2019 too. inside-2019 gives way to an
    # arm of which nobody knows how many were evaluable, and is counted nowhere.
    "links of format 1": {"strict": (14, 21), "all_evidence": (14, 22), "rest": (0, 1)},
}


@pytest.fixture
def folder(request: pytest.FixtureRequest, make_review: MakeReview) -> Path:
    """The folder of one of MADE_UP."""
    reports, links, rules = MADE_UP[request.param]
    made = make_review(*reports, links=links)
    protocol = yaml.safe_load((made / "review.yaml").read_text(encoding="utf-8")) | rules
    (made / "review.yaml").write_text(yaml.safe_dump(protocol, sort_keys=False), encoding="utf-8")
    return made


def chosen_in(folder: Path) -> recompute.Chosen:
    """Who the oracle counts where."""
    files = recompute.read_review(folder)
    return recompute.choose(recompute.units_of(files, files.protocol["outcome"]), files, files.protocol)


def share(units: list[recompute.Unit]) -> tuple[int, int]:
    """Responders and evaluable patients."""
    return sum(unit.r for unit in units), sum(unit.n for unit in units)


@pytest.mark.parametrize(("folder", "hand"), BY_HAND.items(), indirect=["folder"])
def test_the_oracle_counts_as_a_hand_does(folder: Path, hand: dict[str, tuple[int, int]]) -> None:
    chosen = chosen_in(folder)
    narrow, *_, wide = (name for name in hand if name != "rest")
    found = {name: share(chosen.members[name]) for name in hand if name != "rest"}
    assert {**found, "rest": share(recompute.rest_of(wide, narrow, chosen))} == hand


@pytest.mark.parametrize("folder", ["positive kinases"], indirect=True)
def test_a_positive_kinase_decides_the_row(folder: Path) -> None:
    rows = chosen_in(folder).rows
    assert rows == {f"{case}/P1": row for case, (row, _) in KINASES.items()}


@pytest.mark.parametrize("folder", ["patients within arms"], indirect=True)
def test_a_patient_is_described_within_his_arm(folder: Path) -> None:
    """By hand. EIMS: eims-a without, silent-f with a response; IMT: imt-b with, silent-h without; apart-i himself."""
    described = recompute.described("strict", chosen_in(folder))
    levels: dict[str | None, list[recompute.Unit]] = {}
    for unit in described:
        levels.setdefault(unit.histology, []).append(unit)
    assert {level: share(units) for level, units in levels.items()} == {"EIMS": (1, 2), "IMT": (2, 3), None: (7, 9)}
    told = [
        (unit.report, unit.drug, unit.site, unit.fusion_partner, unit.age_group, unit.sex, unit.marker_evidence)
        for unit in described
        if unit.histology == "EIMS"
    ]
    assert told == [
        ("all-trial", "ceritinib", "lung", None, None, "male", "ihc"),
        ("first-trial", "crizotinib", "abdomen", None, "child", "female", "ihc"),
    ]


@pytest.mark.slow  # by default on the made-up ones below, and on the living one in tests/shipped
def test_they_agree_on_the_frozen_review(shipped: Results) -> None:
    assert differences(recompute.recompute(FROZEN / "cases"), to_json(shipped)) == []


AT_NIGHT = {
    "nine reports that differ",  # by the same rule as "arms, fewer than ten reports"
    "every kind of patient",  # with the arms in test_the_comparison_sees_each_changed_number
    "another protocol",  # the conditions of a pool, one at a time, in tests/decisions/test_pools.py
    "links of format 1",  # its counts stand in BY_HAND
}


@pytest.mark.parametrize(
    "folder",
    [pytest.param(name, marks=pytest.mark.slow if name in AT_NIGHT else ()) for name in MADE_UP],
    indirect=True,
)
def test_they_agree_on_a_made_up_review(folder: Path) -> None:
    assert differences(recompute.recompute(folder), results_of(folder)) == []


def test_a_hospitals_table_and_a_drug_of_its_own(make_review: MakeReview) -> None:
    """Made up. A table with codes, a repeated row and a patient without a drug; a drug that only this review has."""
    made = make_review(*single(patient(course("PR", drug="madeupinib"), age=12)))
    (made / "vocabulary.yaml").write_text("# Made up.\ndrugs: {madeupinib: {generation: fourth}}\n", encoding="utf-8")
    (made / "local").mkdir()
    (made / "local" / "our-cohort.yaml").write_text(yaml.safe_dump(report("our-cohort", **TABLE)), encoding="utf-8")
    (made / "local" / "our-cohort.mapping.yaml").write_text(MAPPING, encoding="utf-8")
    (made / "local" / "our-cohort.csv").write_text(ROWS, encoding="utf-8")
    ours = recompute.recompute(made)
    assert differences(ours, results_of(made)) == []
    assert ours["local"]["all_evidence"] == {"responders": 1, "evaluable": 3, "reports": 1}


TABLE: dict[str, Any] = {"design": "cohort", "setting": "local", "table": "our-cohort.csv"}
MAPPING = """# Made up.
missing: [NA]
decimal_comma: true
columns:
  id: No
  age: Age in  years
  sex: {column: Sex, codes: {F: female, M: male}}
  ihc: {ALK: {column: ALK, codes: {pos: positive, neg: negative}}}
  courses:
    - {drug: Drug, response: Best, response_basis: Basis, combined_with: With, stop_reason: Stopped}
    - {drug: Next, response: Best of next, response_basis: Basis of next}
"""
ROWS = """
No;Age in years;Sex;ALK;Drug;Best;Basis;With;Stopped;Next;Best of next;Basis of next
P1;17,5;F;pos;crizotinib;PR;stated;NA;;alectinib;PD;stated
P2;18;M;NA;ceritinib;NE;stated;;death;;;
P2;18;M;NA;ceritinib;NE;stated;;death;;;
P3;;M;pos;;;;;;;;
P4;NA;F;pos;crizotinib;SD;measured;"surgery; radiotherapy";;;;
"""


@pytest.mark.parametrize("tried", [40, pytest.param(600, marks=pytest.mark.slow)])
def test_the_comparison_sees_each_changed_number(make_review: MakeReview, tried: int) -> None:
    """A number of results.json that could be altered unseen would not be checked at all."""
    made = make_review(*EVERY_KIND, *ARMS)
    oracle, results = recompute.recompute(made), results_of(made)
    numbers = [found for section in COMPARED for found in numbers_in(results[section], section)]
    numbers = [found for found in numbers if not found[0].startswith("sensitivity/contrasts/")]
    assert len(numbers) > 1500
    for place, holder, name in random.Random(12).sample(numbers, tried):  # noqa: S311 - which numbers are tried
        true = holder[name]
        holder[name] = true + 1 if isinstance(true, int) else true + by_more(place, true)
        assert differences(oracle, results), place
        holder[name] = true
    assert differences(oracle, results) == []


COMPARED = (
    *("pools", "rows", "local", "not_in_headline", "by", "subgroups", "sensitivity"),
    *("evidence_map", "publication_bias", "over_time", "specification"),
)
NOT_COMPARED = {
    *(
        *("left_out", "moved", "limits_f", "test", "partial_pooling", "later_inhibitors", "regressions", "models"),
        "summary",
    )
}
NAMES = {"dated", "odds_ratio", *COUNTS, *LIMITS, *DRAWN_RATE, "line_not_stated", "patients"}


def by_more(place: str, true: float) -> float:
    """A change that is larger than the tolerance; of what the oracle says, not of what is written."""
    if re.fullmatch(r"publication_bias/contrasts/\d+/(odds_ratio|lower|upper)", place):
        return 2 * ODDS * true
    edge = min(true, 1 - true) < EDGE + AT_EDGE
    edge |= "confidence_sequence" in place
    return 2 * RHO if "/rho/" in place else 3 * AT_EDGE if edge else 2 * TOLERANCE


def numbers_in(value: Any, place: str) -> Iterator[tuple[str, Any, str]]:
    """(place, the mapping that holds it, its name) of each number that the oracle recomputes."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in entries:
        if name in NAMES and not isinstance(inner, str):
            yield f"{place}/{name}", value, name
        elif name not in NOT_COMPARED:
            yield from numbers_in(inner, f"{place}/{name}")


def test_the_comparison_sees_what_is_missing(make_review: MakeReview) -> None:
    made = make_review(*ARMS)
    oracle, written = recompute.recompute(made), json.dumps(results_of(made))
    for section in ("pools", "rows", "by", "local", "evidence_map"):
        results = json.loads(written)
        results[section].popitem()
        assert differences(oracle, results)
    results = json.loads(written)
    results["publication_bias"]["contrasts"].pop()
    assert differences(oracle, results)
    results = json.loads(written)
    results["specification"]["specifications"].pop()
    assert differences(oracle, results)
    results = json.loads(written)
    results["over_time"][0]["steps"].pop()
    assert differences(oracle, results)
    for table in ("rows", "leave_one_out", "discount"):
        results = json.loads(written)
        results["sensitivity"][table].pop()
        assert differences(oracle, results)


def test_finer_grids_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tolerance is earned: with twice the points no rate moves by a fifth of it, rho by a twentieth of its own."""
    reports = tuple(sorted((r, n, 1.0) for r, n in ((0, 1), (1, 1), (3, 9), (14, 16), (40, 60), (2, 2))))
    levels, prior = ((1, 5), (30, 33), (2, 2), (0, 1)), (1 / 3, 1 / 3, 1.0, 1.0)

    def found() -> list[dict[str, float]]:
        recompute.posterior.cache_clear()
        recompute.adjusted.cache_clear()
        recompute.partially_pooled.cache_clear()
        means, rho = recompute.posterior((reports, reports[:3]), *prior)
        tied = recompute.adjusted(reports[:3], reports[3:], (2.0, 0.7), *prior)
        each = [*means, rho, tied, *recompute.partially_pooled(levels, 1.5, 1.0)]
        return [{field: one[field] for field in LIMITS} for one in each]

    coarse = found()
    for name in ("CURVE", "SPREAD", "EVEN", "LOGITS", "STEPS"):
        monkeypatch.setattr(recompute, name, 2 * getattr(recompute, name) - 1)
    for one, other in zip(coarse, found(), strict=True):
        assert one == pytest.approx(other, abs=5e-5 if one is coarse[2] else 4e-5, rel=0)
        assert one != other


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_confidence_sequence(pool: str, shipped: Results) -> None:
    """Limits lie on 3,000 values of equal prior mass: the two may take neighbours."""
    pairs = [(r, n) for _, r, n in shipped.response.pools[pool].clusters]
    reports = tuple(sorted((r, n, 1.0) for r, n in pairs))
    for prior in ((1 / 3, 1 / 3, 1.0, 1.0), (1.0, 1.0, 1.0, 4.0)):
        ours = recompute.confidence_sequence(reports, *prior)
        theirs = confidence_sequence(*zip(*pairs, strict=True), mu_prior=prior[:2], rho_prior=prior[2:])
        assert ours == pytest.approx(theirs, abs=AT_EDGE, rel=0)


def test_the_oracle_imports_nothing_of_the_package() -> None:
    tree = ast.parse((HERE / "recompute.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert all(node.level == 0 for node in imports if isinstance(node, ast.ImportFrom))
    named = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    others = {name for name in named if name.partition(".")[0] not in sys.stdlib_module_names}
    assert others == {"numpy", "numpy.typing", "scipy.special", "yaml"}
    assert named.isdisjoint({"importlib", "runpy", "subprocess"})
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called.isdisjoint({"__import__", "eval", "exec", "compile"})


def test_both_run_from_the_command_line(make_review: MakeReview, tmp_path: Path) -> None:
    made, written = make_review(trial("trial-a", arm(3, 5))), tmp_path / "results.json"

    def run(script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(HERE / script), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    printed = run("recompute.py", made)
    assert json.loads(printed.stdout)["pools"]["strict"]["evaluable"] == 5
    results = results_of(made)
    written.write_text(json.dumps(results), encoding="utf-8")
    assert run("agreement.py", made, written).returncode == 0
    results["pools"]["strict"]["responders"] += 1
    written.write_text(json.dumps(results), encoding="utf-8")
    told = run("agreement.py", made, written)
    assert told.returncode == 1
    assert told.stdout == "pools/strict/responders: 3 by the oracle, 4 in results.json\n"
    (made / "local").mkdir()
    workbook = report("our-cohort", **TABLE | {"table": "our-cohort.xlsx"})
    (made / "local" / "our-cohort.yaml").write_text(yaml.safe_dump(workbook), encoding="utf-8")
    told = run("agreement.py", made, written)
    assert (told.returncode, told.stdout) == (2, "our-cohort.xlsx: of tables of patients only CSV is read here\n")
