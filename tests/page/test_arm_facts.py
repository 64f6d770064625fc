"""What the page says of an arm: a made-up report of two, read and selected."""

from __future__ import annotations

from conftest import MakeReview, arm, report, selected_in

from metaimt.report.page_cases import facts_of


def test_each_arm_has_its_own_facts(make_review: MakeReview) -> None:
    arms = [arm(6, 8, cr=2, pr=4, sd=1, pd=1), arm(1, 4, drug="alectinib", label="Another")]
    library, _, selection = selected_in(make_review(report("trial-2020", design="trial", arms=arms)))
    units = {placed.unit.id: placed.unit for placed in selection.placed}
    said = {name: dict(facts_of(library, units[f"trial-2020/{name}"])) for name in ("arm1", "arm2")}
    assert (said["arm1"]["Drug"], said["arm2"]["Drug"]) == ("crizotinib", "alectinib")
    assert said["arm2"]["Group, known as counts"] == "Another"
    assert "CR 2, PR 4, SD 1, PD 1" in said["arm1"].values()
