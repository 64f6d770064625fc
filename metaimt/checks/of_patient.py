"""Rules on one patient: age, markers, and the courses in their order.

Paths start at the patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from metaimt.casefiles.model import Patient
from metaimt.checks.rule import FINE, Finding, Rule, rule, rules_in

OLDEST_AGE = 115


@rule("age-out-of-range", about="patient")
def age_in_range(patient: Patient) -> Iterable[Finding]:
    """Ages are in years."""
    age = patient.age
    if age is None or 0 <= age <= OLDEST_AGE:
        return FINE
    hint = "write years; months as a fraction: 0.5"
    if OLDEST_AGE < age <= 12 * OLDEST_AGE:
        hint += f"; if these are months, age: {age / 12:.3g}"
    return [(("age",), f"age {age:g} is not between 0 and {OLDEST_AGE} years", hint)]


@rule("negative-but-fused", "warning", about="patient")
def immunohistochemistry_agrees_with_fusion(patient: Patient) -> Iterable[Finding]:
    """Possible, but more often a slip."""
    gene = patient.fusion_gene
    if gene is None or patient.ihc.get(gene) != "negative":
        return FINE
    message = f"{gene} negative by immunohistochemistry with a fusion of {gene}"
    return [(("ihc", gene), message, f"counted as {gene}-positive: check that the source says both")]


@rule("partner-without-gene", "warning", about="patient")
def partner_has_gene(patient: Patient) -> Iterable[Finding]:
    """A partner alone does not say which kinase is fused."""
    if patient.fusion_partner is None or patient.fusion_gene is not None:
        return FINE
    return [(("fusion_partner",), "fusion_partner without fusion_gene", "add fusion_gene: ALK, or its kinase")]


@rule("ongoing-but-dead", "warning", about="patient")
def dead_take_no_drug(patient: Patient) -> Iterable[Finding]:
    """Ongoing at the last visit and dead later is possible; then the course was stopped by death."""
    if patient.status != "dead":
        return
    for c, course in enumerate(patient.courses):
        if course.ongoing:
            hint = "if death ended the course, write ongoing: false and stop_reason: death"
            yield ("courses", c, "ongoing"), "ongoing: true with status: dead", hint


@rule("death-but-alive", about="patient")
def alive_after_no_death(patient: Patient) -> Iterable[Finding]:
    """A course that death ended was that of a patient who died."""
    if patient.status != "alive":
        return
    for c, course in enumerate(patient.courses):
        if course.stop_reason == "death":
            message = "stop_reason: death with status: alive"
            yield ("courses", c, "stop_reason"), message, "write status: dead, or the true stop_reason"


@rule("course-after-death", about="patient")
def death_ends_the_last_course(patient: Patient) -> Iterable[Finding]:
    """Courses stand in the order given."""
    if len(patient.courses) < 2:
        return
    for c, (course, after) in enumerate(pairwise(patient.courses)):
        if course.stop_reason == "death":
            message = f"{course.drug} was stopped by death, but {after.drug} comes after it"
            hint = "put the courses in the order given, or correct stop_reason"
            yield ("courses", c, "stop_reason"), message, hint


@rule("ongoing-but-followed", "warning", about="patient")
def ongoing_course_is_the_last(patient: Patient) -> Iterable[Finding]:
    """A drug that is still taken when the next one is begun is given together with it."""
    if len(patient.courses) < 2:
        return
    for c, (course, after) in enumerate(pairwise(patient.courses)):
        if course.ongoing:
            message = f"{course.drug} is ongoing, but {after.drug} comes after it"
            hint = f"write ongoing: false; if both were given together, combined_with: [{after.drug}]"
            yield ("courses", c, "ongoing"), message, hint


@rule("positive-but-not-rearranged", "warning", about="patient")
def immunohistochemistry_agrees_with_rearrangement(patient: Patient) -> Iterable[Finding]:
    """A stain without a rearrangement is seen, but decides the row; more often one of the two is a slip."""
    for marker, rearranged in patient.rearranged.items():
        if not rearranged and patient.ihc.get(marker) == "positive":
            message = f"{marker} positive by immunohistochemistry, and not rearranged"
            yield ("rearranged", marker), message, "check that the source says both; if it does, waive this"


PATIENT_RULES: tuple[Rule, ...] = rules_in(globals())
