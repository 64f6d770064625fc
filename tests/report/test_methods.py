"""The methods paragraphs say the settings that were used: another protocol, other words. All reports are made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report

from metaimt.analyses.results import Results, analyse
from metaimt.casefiles.library import read_library
from metaimt.casefiles.protocol import Priors, Protocol
from metaimt.content.methods import methods_section
from metaimt.content.section import Fold, Paragraph
from metaimt.statistics import exact_tests, firth, survival

PARTS = ("Outcome:", "Selection:", "Model:", "Subgroups", "Duration:", "Sensitivity", "Over time", "Publication bias:")


def texts(results: Results) -> dict[str, str]:
    (how,) = (block for block in methods_section(results).blocks if isinstance(block, Fold))
    found = [str(block.text) for block in how.blocks if isinstance(block, Paragraph)]
    assert len(found) == len(PARTS)
    return dict(zip(PARTS, found, strict=True))


@pytest.fixture
def made_up(make_review: MakeReview) -> Any:
    folder = make_review(
        report("example-2020", patient(course("PR", duration_months=8, ongoing=True))),
        report("example-2021", arms=[arm(3, 4)], design="trial"),
    )

    def run(**changes: Any) -> dict[str, str]:
        library = read_library(folder)
        assert library.protocol is not None
        protocol: Protocol = library.protocol.model_copy(update=changes)
        return texts(analyse(replace(library, protocol=protocol), protocol))

    return run


def test_each_part_stands_in_its_place_and_has_its_references(shipped: Results) -> None:
    found = texts(shipped)
    assert all(text.startswith(part) for part, text in found.items())
    for part, papers in {
        "Subgroups": ("Clopper", "Gelman", "Jones", "Freeman and Halton", "Firth", "Heinze"),
        "Duration:": ("Aalen", "Schemper", "Mantel"),
        "Sensitivity": ("Ibrahim", "Simonsohn"),
    }.items():
        assert all(paper in found[part] for paper in papers)


def test_the_rules_are_those_of_the_statistics(shipped: Results) -> None:
    found = texts(shipped)
    assert f"{exact_tests.SMALLEST_LEVEL} patients or more" in found["Subgroups"]
    assert f"one parameter per {firth.EVENTS_PER_PARAMETER} of" in found["Subgroups"]
    assert f"{survival.FEWEST_TIMES} known times and {survival.FEWEST_EVENTS} events" in found["Duration:"]
    assert f"from {survival.FEWEST_COX_EVENTS} events on" in found["Duration:"]


def test_what_was_run_is_counted(shipped: Results) -> None:
    models = [model for found in shipped.subgroups.regressions.values() for model in found]
    run = sum(hasattr(model.fit, "coefficients") for model in models)
    assert f"{run} of {len(models)} models could be run" in texts(shipped)["Subgroups"]
    assert f"{len(shipped.specification.specifications)} combinations" in texts(shipped)["Sensitivity"]
    curves = [times.curves for each in shipped.duration.values() for times in each.times.values()]
    drawn = sum(not hasattr(curve, "reason") for curve in curves)
    assert f"({drawn} of {len(curves)} curves could be drawn)" in texts(shipped)["Duration:"]


def test_another_protocol_says_other_things(made_up: Any, shipped: Results) -> None:
    before = texts(shipped)
    assert "N(0, 1.5^2), s ~ half-normal(1)" in before["Subgroups"]
    assert "0, 0.25, 0.5, 0.75, 1" in before["Sensitivity"]
    after = made_up(
        priors=Priors(subgroup_mean_sd=2.0, subgroup_sd_scale=0.5),
        subgroups=("drug", "sex"),
        thresholds=(0.3,),
        sensitivity=(),
        specification={},
    )
    assert "N(0, 2^2), s ~ half-normal(0.5)" in after["Subgroups"]
    assert "drug, sex. Each row" in after["Subgroups"]
    assert "regression on sex (Firth" in after["Subgroups"]
    assert "exclude 30 %" in after["Over time"]
    assert after["Sensitivity"] == "Sensitivity: the protocol lists nothing that is done otherwise."


def test_no_subgroups(made_up: Any) -> None:
    found = made_up(subgroups=())
    assert found["Subgroups"] == "Subgroups: the protocol names none."
    assert "between no groups" in found["Duration:"]


CONDITIONS: dict[str, Any] = {
    "rows": ("alk_negative",),
    "line": "later",
    "targets": ("ROS1",),
    "drug": "named",
    "combined_with": "none",
    "response_basis": ("measured",),
    "disputed": False,
    "depth": ("full_text",),
}


def test_every_condition_of_a_pool_is_told(shipped: Results) -> None:
    """A pool that differs in one condition reads otherwise: none is left out of the methods."""
    from metaimt.casefiles.protocol import Pool
    from metaimt.content.methods import conditions

    assert set(CONDITIONS) == set(Pool.model_fields)
    plain = Pool.model_validate({"rows": ("alk_positive",)})
    for name, value in CONDITIONS.items():
        told = conditions(plain.model_copy(update={name: value}), shipped.protocol)
        assert told != conditions(plain, shipped.protocol), name
