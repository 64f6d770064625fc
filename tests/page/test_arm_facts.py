"""What the page says of an arm, and the row of each case without a script: a made-up review of two arms."""

from __future__ import annotations

import re

from conftest import MakeReview, arm, course, patient, report
from opened import whole

import metaimt
from metaimt.report.page import page_html
from metaimt.report.page_cases import facts_of


def test_each_arm_has_its_own_facts_and_each_case_its_row(make_review: MakeReview) -> None:
    arms = [arm(6, 8, cr=2, pr=4, sd=1, pd=1), arm(1, 4, drug="alectinib", label="Another")]
    one = patient(course("PR", drug="ceritinib"), age=34)
    results = metaimt.run(make_review(report("trial-2020", design="trial", arms=arms), report("one-2019", one)))
    units = {placed.unit.id: placed.unit for placed in results.selection.placed}
    said = {name: dict(facts_of(results.library, units[f"trial-2020/{name}"])) for name in ("arm1", "arm2")}
    assert (said["arm1"]["Drug"], said["arm2"]["Drug"]) == ("crizotinib", "alectinib")
    assert said["arm2"]["Group, known as counts"] == "Another"
    assert "CR 2, PR 4, SD 1, PD 1" in said["arm1"].values()
    html = whole(page_html(results))
    (cells,) = re.findall(r'<tr data-case="\d+"[^>]*>(?:(?!</tr>).)*P1</button></th>(.*?)</tr>', html)
    texts = re.findall(r"<td[^>]*>([^<]*)</td>", cells)
    assert texts[:3] == ["1/1", "ceritinib", "PR"]
    assert "34" in texts
