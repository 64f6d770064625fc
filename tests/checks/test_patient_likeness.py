"""Each point for and against one patient, by hand from the odds. Two made-up reports, and a third that differs.

Nobody else has what the two share, so that u is the base and a point is log2(m / base); one against is
log2((1 - m) / (1 - base)). With others, as the module says. What every report has tells nothing.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from metaimt.checks.patient_facts import Facts, SourceWords
from metaimt.checks.same_patient import Frequencies, compare, likeness
from metaimt.serialise import to_json


def words(**more: Any) -> SourceWords:
    return SourceWords(**{field.name: frozenset(more.get(field.name, ())) for field in fields(SourceWords)})


def facts(report: str, **more: Any) -> Facts:
    told: dict[str, Any] = {"unit": "P1", "path": (), "year": None, "words": words(), "kinases": (), "negative": ()}
    told |= {"partner": None, "drugs": (), "site": None, "place": {}, "histology": None, "age_group": None} | more
    told |= {name: frozenset(told[name]) for name in ("kinases", "negative")}
    return Facts(report=report, **told)


OTHERWISE: dict[str, Any] = {
    "sex": "z",
    "site": "z",
    "histology": "z",
    "partner": "z",
    "kinases": ["Z"],
    "drugs": ("z", "y"),
}
OTHERWISE |= {"age": 70, "place": {"zz": "zz"}, "age_group": "z", "year": 1990, "counts": (30, 90), "median_pfs": 30.0}
OTHERWISE |= {"words": words(trials=["Z"], authors=["Zz Z"], names=["ZZZ"])}


def points(one: dict[str, Any], other: dict[str, Any], *more: Facts) -> list[str] | None:
    """What is said of a pair, both ways round the same."""
    left, right = facts("a", **one), facts("b", **other)
    known = Frequencies([left, right, facts("z", **OTHERWISE), *more])
    found, turned = compare(left, right, known), compare(right, left, known)
    assert found == turned
    return None if found is None else [f"{point.reason.partition(' (')[0]} {point.points:+.1f}" for point in found]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        # one patient has one sex, one tumour
        ({"sex": "male"}, {"sex": "male"}, ["same sex male +1.0"]),
        ({"sex": "male"}, {"sex": "female"}, ["sex female / male -6.6"]),
        ({"sex": "male"}, {}, []),
        ({"site": "lung"}, {"site": "lung"}, ["same site lung +2.6"]),
        ({"site": "head_and_neck"}, {"site": "abdomen"}, ["site abdomen / head and neck -3.1"]),
        ({"histology": "IMT"}, {"histology": "IMT"}, ["same histology IMT +0.8"]),
        ({"histology": "IMT"}, {"histology": "EIMS"}, ["histology EIMS / IMT -2.3"]),
        ({"histology": "other"}, {"histology": "other"}, []),  # two others need not be one
        ({"partner": "TPM3"}, {"partner": "TPM3"}, ["same partner TPM3 +4.2"]),
        ({"kinases": ["ALK"]}, {"kinases": ["ALK"]}, ["both ALK-positive +1.0"]),
        # what excludes
        ({"partner": "TPM3"}, {"partner": "CLTC"}, None),
        ({"kinases": ["ALK"]}, {"kinases": ["ROS1"]}, None),
        ({"kinases": ["ALK"]}, {"negative": ["ALK"]}, None),
        ({"kinases": ["ALK", "ROS1"]}, {"kinases": ["ROS1"]}, ["both ROS1-positive +1.0"]),
        ({"negative": ["ALK"]}, {"negative": ["ALK"]}, []),
        # the exact place, within one site
        (
            {"site": "lung", "place": {"lobe": "lobe", "left": "left"}},
            {"site": "lung", "place": {"lobe": "lobes"}},
            ["same site lung +2.6"],  # every report of the lung has that place
        ),
        (
            {"site": "lung", "place": {"hilu": "hilum"}},
            {"site": "lung", "place": {"apex": "apex"}},
            ["same site lung +2.6", "place apex / hilum -1.0"],
        ),
        ({"site": "lung", "place": {"hilu": "hilum"}}, {"site": "lung"}, ["same site lung +2.6"]),
        (
            {"site": "lung", "place": {"lobe": "lobe"}},
            {"site": "bone", "place": {"lobe": "lobe"}},
            ["site bone / lung -3.1"],
        ),
        # ages
        ({"age": 34}, {"age": 34}, ["same age 34 +5.8"]),
        ({"age": 34}, {"age": 34.5}, ["same age 34 +5.8"]),
        ({"age": 34}, {"age": 35}, ["ages 34 and 35 +3.3"]),
        ({"age": 34}, {"age": 36}, []),
        ({"age": 1}, {"age": 1.25}, ["ages 1 and 1.25 +3.3"]),  # of infants three months are near
        ({"age": 1}, {"age": 1.5}, []),
        ({"age": 1.95}, {"age": 2.5}, []),
        ({"age": 2}, {"age": 2.5}, ["same age 2 +5.8"]),
        ({"age": 30}, {"age": 37}, []),  # five years between undated reports, and two
        ({"age": 30}, {"age": 38}, ["ages 30 / 38 -6.6"]),
        ({"age": 30, "year": 2020}, {"age": 32, "year": 2020}, ["same year 2020 +1.3"]),
        ({"age": 30, "year": 2020}, {"age": 33, "year": 2020}, ["ages 30 / 33 -6.6", "same year 2020 +1.3"]),
        ({"age_group": "adult"}, {"age_group": "adult"}, ["same age group adult +0.9"]),
        ({"age_group": "adult", "age": 40}, {"age_group": "paediatric"}, ["age group adult / paediatric -3.3"]),
        ({"age_group": "adult", "age": 40}, {"age_group": "adult", "age": 50}, ["ages 40 / 50 -6.6"]),
        # drugs
        ({"drugs": ("a", "b")}, {"drugs": ("a", "b")}, ["same drugs a, then b +3.6"]),
        ({"drugs": ("a", "b")}, {"drugs": ("b", "a")}, ["both a +1.6"]),
        ({"drugs": ("a",)}, {"drugs": ("a",)}, ["both a +1.6"]),
        ({"drugs": ("a",)}, {"drugs": ("b", "c")}, ["drugs a / b, c -2.2"]),
        ({"drugs": ("a",)}, {}, []),
        # years of the publications
        ({"year": 2020}, {"year": 2020}, ["same year 2020 +1.3"]),
        ({"year": 2021}, {"year": 2020}, ["years 2020 and 2021 +1.3"]),
        ({"year": 2022}, {"year": 2020}, []),
        ({"year": 2020}, {"year": 2023}, []),
        ({"year": 2024}, {"year": 2020}, ["published 4 years apart -2.0"]),
        # arms
        ({"counts": (3, 5)}, {"counts": (3, 5)}, ["both 3/5 +4.1"]),
        ({"counts": (3, 5)}, {"counts": (2, 5)}, ["both of 5 patients +2.3"]),
        ({"counts": (3, 4)}, {"counts": (3, 4)}, []),  # of few patients equal counts say nothing
        ({"counts": (3, 5)}, {"counts": (3, 6)}, []),
        ({"counts": (3, 5), "year": 2020}, {"year": 2020}, []),  # an arm and a patient
        (
            {"counts": (3, 5), "median_pfs": 9.5},
            {"counts": (4, 6), "median_pfs": 9.5},
            ["same median PFS 9.5 months +5.6"],
        ),
        ({"counts": (3, 5), "median_pfs": 9.5}, {"counts": (4, 6), "median_pfs": 9}, []),
        # words
        ({"words": words(trials=["T1", "T2"])}, {"words": words(trials=["T2", "T1"])}, ["same trial T1 +8.1"]),
        ({"words": words(authors=["Aa B"])}, {"words": words(authors=["Aa B"])}, ["shared author Aa B +5.6"]),
        (
            {"words": words(authors=["Aa B", "Cc D", "Ee F", "Gg H"])},
            {"words": words(authors=["Gg H", "Ee F", "Cc D", "Aa B"])},
            ["shared author Aa B +5.6", "shared author Cc D +1.0", "shared author Ee F +1.0"],  # no more than two more
        ),
        ({"words": words(names=["STARTRK"])}, {"words": words(names=["STARTRK"])}, ["both name STARTRK +5.6"]),
    ],
)
def test_a_pair(one: dict[str, Any], other: dict[str, Any], said: list[str] | None) -> None:
    assert points(one, other) == said


@pytest.mark.parametrize(
    ("value", "others", "said"),
    [
        # u = (others who have it + 10 * 0.5) / (others who tell their sex + 10), and no less than 0.5
        ("female", ["male"] * 10, "same sex female +1.0"),
        ("female", ["female"] * 10, "same sex female +0.5"),  # log2(0.995 / (15 / 21))
        ("female", [None] * 10, "same sex female +1.0"),  # who does not tell it does not count
    ],
)
def test_a_value_that_others_have_counts_less(value: str, others: list[str | None], said: str) -> None:
    more = [facts(f"other-{k}", sex=sex) for k, sex in enumerate(others)]
    assert points({"sex": value}, {"sex": value}, *more) == [said]


@pytest.mark.parametrize(
    ("age", "others", "said"),
    [
        # the others of the same age, or within five years either way per year of age, of all whose age is known
        (34, [34] * 20, "same age 34 +0.1"),  # log2(0.7 / ((20 + 0.125) / 31))
        (34, [39] * 20, "same age 34 +3.5"),  # log2(0.7 / ((20 / 11 + 0.125) / 31))
        (34, [40] * 20, "same age 34 +5.8"),  # log2(0.7 / 0.0125): no rarer than the base
        (2, [0] * 20, "same age 2 +3.0"),  # eight years, 0 to 7
        (118, [113] * 20, "same age 118 +3.0"),  # 113 to 120
    ],
)
def test_an_age_that_others_have_counts_less(age: float, others: list[float], said: str) -> None:
    more = [facts(f"other-{k}", age=other) for k, other in enumerate(others)]
    assert points({"age": age}, {"age": age}, *more) == [said]


def test_a_place_that_another_report_of_the_site_lacks_counts() -> None:
    one, other = {"site": "lung", "place": {"lobe": "lobe"}}, {"site": "lung", "place": {"lobe": "lobes"}}
    found = points(one, other, facts("y", site="lung", place={"hilu": "hilum"}))
    assert found is not None
    assert found[1:] == ["place lobe/lobes +1.6"]  # log2(0.6 / 0.2)


def test_of_the_shared_words_of_a_place_the_rarest_is_told() -> None:
    shared = {"site": "lung", "place": {"left": "left", "lobe": "lobe", "uppe": "upper"}}
    others = [facts(f"y{k}", site="lung", place=dict.fromkeys(stems)) for k, stems in enumerate((["lobe"], ["left"]))]
    found = points(shared, shared, *others)
    assert found is not None
    assert found[1:] == ["place upper +1.6"]


def test_of_the_shared_drugs_the_rarest_is_told() -> None:
    """Ten others were on a: log2(0.85 / (13 / 21)); nobody else was on b: log2(0.85 / (3 / 21))."""
    others = [facts(f"y{k}", drugs=("a",)) for k in range(10)]
    assert points({"drugs": ("a", "b")}, {"drugs": ("b", "c", "a")}, *others) == ["both b +2.6"]


def test_a_candidate_has_its_reasons_the_strongest_first() -> None:
    one = facts("b", sex="male", partner="TPM3", year=2020, site="lung")
    other = facts("a", sex="female", partner="TPM3", year=2020, site="bone")
    found = likeness(one, other, Frequencies([one, other, facts("z", **OTHERWISE)]))
    assert found is not None
    assert (found.left, found.right, found.score) == ("a/P1", "b/P1", -4.2)  # 4.2 + 1.3 - 6.6 - 3.1
    assert found.reasons == ("same partner TPM3 (2 of 3 reports) +4.2", "same year 2020 +1.3")
    assert found.against == ("sex female / male -6.6", "site bone / lung -3.1")
    assert set(to_json(found)) == {"left", "right", "score", "reasons", "against"}
