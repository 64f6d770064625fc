"""The frozen review as it is read: its counts are those of the evidence README, written down by hand."""

from __future__ import annotations

from collections import Counter

from conftest import FROZEN

from metaimt.casefiles.library import read_library
from metaimt.checks import check_library

CASES = FROZEN / "cases"
LIBRARY = read_library(CASES)
LITERATURE = tuple(report for report in LIBRARY.reports if report.report.setting != "local")
STEMS = sorted(path.stem for folder in ("literature", "local") for path in (CASES / folder).glob("*.yaml"))


def test_no_errors_and_only_known_warnings() -> None:
    problems = check_library(LIBRARY)
    assert {problem.severity for problem in problems} == {"warning", "info"}
    counts = Counter(problem.rule for problem in problems)
    assert counts.pop("possible-same-patient", 0) <= 2, "a suspicion is decided in links.yaml, not left standing"
    warnings = {"missing-year": 12, "missing-title": 11, "read-by-one": 6, "response-without-words": 1}
    warnings |= {"format-1": 1, "nothing-identified": 1, "measured-without-number": 4}
    infos = {"aggregator-link": 8, "claim-percentage": 3, "treated-beyond-progression": 3, "same-drug-again": 2}
    warnings |= {"second-reading-disagrees": 17, "patient-contradicts-arm": 1}
    audited = {"claim-twice": 2, "claim-subgroup": 1, "claim-parts": 1, "claim-survival": 4}  # of the local cohort
    assert counts == warnings | infos | audited


def test_every_file_is_read() -> None:
    assert sorted(report.id for report in LIBRARY.reports) == STEMS
    assert len(LITERATURE) == 70
    assert [report.id for report in LIBRARY.reports if report not in LITERATURE] == ["you-2024"]
    assert LIBRARY.protocol is not None
    assert (len(LIBRARY.links), len(LIBRARY.excluded)) == (18, 4)


def test_counts_of_the_literature() -> None:
    patients = [patient for report in LITERATURE for patient in report.patients]
    courses = [course for patient in patients for course in patient.courses]
    arms = [arm for report in LITERATURE for arm in report.arms]
    assert (len(patients), len(courses), len(arms)) == (62, 77, 20)
    assert sum(course.response is not None for course in courses) == 67
    assert Counter(report.report.design for report in LITERATURE) == {
        "case_report": 42,
        "case_series": 11,
        "trial": 11,
        "cohort": 6,
    }
    assert Counter(report.extraction.depth for report in LITERATURE) == {
        "abstract": 58,
        "secondary": 9,
        "full_text": 2,
        "title": 1,
    }


def test_responses_of_the_literature() -> None:
    """Regression values: a changed response, basis or count must be meant."""
    courses = [course for report in LITERATURE for patient in report.patients for course in patient.courses]
    arms = [arm for report in LITERATURE for arm in report.arms]
    responses = {"PR": 41, "CR": 10, "SD": 10, "PD": 2, "NE": 4, None: 10}
    assert Counter(course.response for course in courses) == responses
    bases = {"stated": 25, "measured": 4, "inferred": 38, None: 10}
    assert Counter(course.response_basis for course in courses) == bases
    assert tuple(map(sum, zip(*(arm.counts for arm in arms), strict=True))) == (116, 158)


def test_local_cohort() -> None:
    local = LIBRARY.report("you-2024")
    assert local is not None
    assert local.cohort is not None
    assert (local.report.setting, local.cohort.n, len(local.claims) > 0) == ("local", 74, True)
    assert [patient.courses[0].response for patient in local.patients] == ["SD", "PD"]
    assert [patient.courses[0].response_alternatives for patient in local.patients] == [("PR",), ("PR", "NE")]
