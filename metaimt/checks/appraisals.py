"""Appraisals: questions that the tool asks, a tool for the design, one entry a person, and one who decides."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.casefiles.fields import shown
from metaimt.casefiles.model import CaseFile
from metaimt.checks.rule import Finding, Rule, rule, rules_in
from metaimt.problem import nearest_of
from metaimt.vocabulary import appraisal_tools


@rule("unknown-question", about="report")
def questions_are_of_the_tool(case: CaseFile) -> Iterator[Finding]:
    """An answer to a question that the tool does not ask would be counted nowhere; so would a reason for no answer."""
    for k, entry in enumerate(case.appraisal):
        known = [question.key for question in appraisal_tools()[entry.tool].questions]
        for name in entry.answers:
            if name not in known:
                hint = nearest_of(name, known, f"the questions are {', '.join(known)}")
                yield ("appraisal", k, "answers", name), f"{shown(name)} is no question of {entry.tool}", hint
        for name in entry.reasons:
            if name not in entry.answers:
                hint = f"add {name} to answers, or delete the reason"
                yield ("appraisal", k, "reasons", name), f"a reason for {shown(name)}, which is not answered", hint


@rule("appraisal-tool-for-design", about="report")
def tools_fit_the_design(case: CaseFile) -> Iterator[Finding]:
    """Each design is asked its own questions, so that reports of one design can be set side by side."""
    design = case.report.design
    fitting = next((tool.key for tool in appraisal_tools().values() if design in tool.designs), None)
    for k, entry in enumerate(case.appraisal):
        if fitting is not None and entry.tool != fitting:
            said = f"{entry.tool} is not for the design {design}"
            yield ("appraisal", k, "tool"), said, f"write tool: {fitting}, or correct the design"


@rule("repeated-appraisal", about="report")
def each_person_appraises_once(case: CaseFile) -> Iterator[Finding]:
    """One person is one rater; one entry settles what the raters disagree on."""
    raters: set[str] = set()
    decided = False
    for k, entry in enumerate(case.appraisal):
        if entry.decides and decided:
            yield ("appraisal", k, "decides"), "a second entry decides", "keep decides: true in one of them"
        elif not entry.decides and entry.by.strip().casefold() in raters:
            hint = "make one entry of the two; who decides later adds decides: true"
            yield ("appraisal", k, "by"), f"{shown(entry.by)} appraises twice", hint
        decided = decided or entry.decides
        raters |= set() if entry.decides else {entry.by.strip().casefold()}


APPRAISAL_RULES: tuple[Rule, ...] = rules_in(globals())
