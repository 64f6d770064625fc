"""Rules that one report can break by itself.

May import: casefiles, and the rule beside it. Each function yields (path, message, hint).
"""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.casefiles.model import Arm, CaseFile, Course, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.rule import Finding, Rule, rule

OLDEST_AGE, LONGEST_MONTHS = 115, 600
FIRST_YEAR = 1939  # the first description of the tumour; ALK inhibitors came in 2010


def courses(case: CaseFile) -> Iterator[tuple[Path, Patient, Course]]:
    """Every course with its path in the file and its patient."""
    for p, patient in enumerate(case.patients):
        for c, course in enumerate(patient.courses):
            yield ("patients", p, "courses", c), patient, course


def arms(case: CaseFile) -> Iterator[tuple[Path, Arm]]:
    """Every arm with its path in the file."""
    for a, arm in enumerate(case.arms):
        yield ("arms", a), arm


@rule("repeated-patient-id")
def patient_ids_differ(case: CaseFile) -> Iterator[Finding]:
    """Links name patients by their ids."""
    seen: set[str] = set()
    for p, patient in enumerate(case.patients):
        if patient.id in seen:
            message = f"patient '{patient.id}' stands twice in this file"
            yield ("patients", p, "id"), message, "number the patients P1, P2, P3 in file order"
        seen.add(patient.id)


@rule("count-below-zero")
def counts_not_negative(case: CaseFile) -> Iterator[Finding]:
    """A count of patients is 0 or more."""
    for path, arm in arms(case):
        for name in ("evaluable", "responders", "cr", "pr", "sd", "pd"):
            value = getattr(arm, name)
            if value is not None and value < 0:
                yield (*path, name), f"{name}: {value} is below 0", "write 0 or more"


@rule("responders-exceed-evaluable")
def responders_within_evaluable(case: CaseFile) -> Iterator[Finding]:
    """Responders are among the evaluable."""
    for path, arm in arms(case):
        if arm.responders > arm.evaluable:
            message = f"{arm.responders} responders of {arm.evaluable} evaluable patients"
            hint = "responders are among the evaluable: check both counts against the source"
            yield (*path, "responders"), message, hint


@rule("cr-pr-not-responders")
def cr_and_pr_are_responders(case: CaseFile) -> Iterator[Finding]:
    """Responders are those with CR or PR; either may be missing, but neither may be too many."""
    for path, arm in arms(case):
        total = (arm.cr or 0) + (arm.pr or 0)
        if total > arm.responders or (None not in (arm.cr, arm.pr) and total != arm.responders):
            message = f"cr {arm.cr or 0} + pr {arm.pr or 0} is {total}, but responders is {arm.responders}"
            hint = "correct the wrong one, or leave out the count that is not printed"
            yield (*path, "responders"), message, hint


@rule("counts-exceed-evaluable")
def counts_within_evaluable(case: CaseFile) -> Iterator[Finding]:
    """All best responses together are at most the evaluable."""
    for path, arm in arms(case):
        total = max(arm.responders, (arm.cr or 0) + (arm.pr or 0)) + (arm.sd or 0) + (arm.pd or 0)
        if total > arm.evaluable >= arm.responders:
            message = f"responders, sd and pd add up to {total} of {arm.evaluable} evaluable patients"
            hint = "check each count against the source, or leave out the one that is not printed"
            yield (*path, "evaluable"), message, hint


@rule("response-without-basis")
def response_has_basis(case: CaseFile) -> Iterator[Finding]:
    """The strict pool needs to know how a response is known."""
    for path, _, course in courses(case):
        if course.response is not None and course.response_basis is None:
            hint = "add response_basis: stated (category printed), measured (size change printed) or inferred"
            yield (*path, "response"), f"response {course.response} without response_basis", hint


@rule("basis-without-response")
def basis_has_response(case: CaseFile) -> Iterator[Finding]:
    """A basis alone says that a response was forgotten."""
    for path, _, course in courses(case):
        if course.response is None and course.response_basis is not None:
            message = f"response_basis {course.response_basis} without a response"
            hint = "add response: CR, PR, SD, PD or NE, or delete response_basis"
            yield (*path, "response_basis"), message, hint


@rule("ongoing-but-stopped")
def ongoing_has_no_stop_reason(case: CaseFile) -> Iterator[Finding]:
    """A course is going on or was stopped."""
    for path, _, course in courses(case):
        if course.ongoing and course.stop_reason is not None:
            message = f"ongoing: true with stop_reason: {course.stop_reason}"
            yield (*path, "stop_reason"), message, "write ongoing: false, or delete stop_reason"


@rule("not-rearranged-but-fused")
def rearranged_agrees_with_fusion(case: CaseFile) -> Iterator[Finding]:
    """A fusion is a rearrangement."""
    for p, patient in enumerate(case.patients):
        gene = patient.fusion_gene
        if gene is not None and patient.rearranged.get(gene) is False:
            message = f"rearranged: {{{gene}: false}} with fusion_gene: {gene}"
            hint = "a fusion is a rearrangement: delete the one that the source does not say"
            yield ("patients", p, "rearranged", gene), message, hint
    for path, arm in arms(case):
        if arm.fusion_gene is not None and arm.status.get(arm.fusion_gene) == "negative":
            message = f"status: {{{arm.fusion_gene}: negative}} with fusion_gene: {arm.fusion_gene}"
            yield (*path, "status", arm.fusion_gene), message, "write positive, or delete fusion_gene"


@rule("negative-but-fused", "warning")
def immunohistochemistry_agrees_with_fusion(case: CaseFile) -> Iterator[Finding]:
    """Possible, but more often a slip."""
    for p, patient in enumerate(case.patients):
        gene = patient.fusion_gene
        if gene is not None and patient.ihc.get(gene) == "negative":
            message = f"{gene} negative by immunohistochemistry with a fusion of {gene}"
            hint = f"counted as {gene}-positive: check that the source says both"
            yield ("patients", p, "ihc", gene), message, hint


@rule("partner-without-gene", "warning")
def partner_has_gene(case: CaseFile) -> Iterator[Finding]:
    """A partner alone does not say which kinase is fused."""
    for p, patient in enumerate(case.patients):
        if patient.fusion_partner is not None and patient.fusion_gene is None:
            message = "fusion_partner without fusion_gene"
            yield ("patients", p, "fusion_partner"), message, "add fusion_gene: ALK, or its kinase"


@rule("age-out-of-range")
def age_in_range(case: CaseFile) -> Iterator[Finding]:
    """Ages are in years."""
    for p, patient in enumerate(case.patients):
        if patient.age is not None and not 0 <= patient.age <= OLDEST_AGE:
            message = f"age {patient.age:g} is not between 0 and {OLDEST_AGE} years"
            yield ("patients", p, "age"), message, "write years; months as a fraction: 0.5"


@rule("duration-out-of-range")
def durations_in_range(case: CaseFile) -> Iterator[Finding]:
    """Durations are in months."""
    for path, _, course in courses(case):
        for name in ("duration_months", "response_duration_months", "pfs_months"):
            yield from _months((*path, name), getattr(course, name))
    for p, patient in enumerate(case.patients):
        yield from _months(("patients", p, "followup_months"), patient.followup_months)


def _months(path: Path, value: float | tuple[float, float] | None) -> Iterator[Finding]:
    numbers = () if value is None else value if isinstance(value, tuple) else (value,)
    if any(not 0 <= number <= LONGEST_MONTHS for number in numbers):
        shown = " to ".join(f"{number:g}" for number in numbers)
        message = f"{path[-1]}: {shown} is not between 0 and {LONGEST_MONTHS} months"
        yield path, message, "write months, not days or weeks"


@rule("year-out-of-range")
def year_in_range(case: CaseFile) -> Iterator[Finding]:
    """The upper limit is the year after the extraction: the result does not depend on today's date."""
    year = case.report.year
    last = int(case.extraction.date[:4]) + 1 if case.extraction.date else 2100
    if year is not None and not FIRST_YEAR <= year <= last:
        message = f"year {year} is not between {FIRST_YEAR} and {last}"
        yield ("report", "year"), message, "write the four digits of the year of publication"


@rule("missing-title", "warning")
def has_title(case: CaseFile) -> Iterator[Finding]:
    """A report without a title is hard to find again."""
    if case.report.title is None:
        yield ("report",), "no title", "once it is known, add title: as printed"


@rule("missing-year", "warning")
def has_year(case: CaseFile) -> Iterator[Finding]:
    """A report without a year is left out of every analysis over time."""
    if case.report.year is None:
        message = "no year; the report is left out of every analysis over time"
        yield ("report",), message, "once it is verified, add year: with four digits"


@rule("read-by-one", "warning")
def read_twice(case: CaseFile) -> Iterator[Finding]:
    """A second, independent reading finds what the first one missed."""
    if case.extraction.checked_by is None:
        hint = "let someone else read the source, then add checked_by: their name"
        yield ("extraction",), "read by one person", hint


WITHIN_RULES: tuple[Rule, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
