"""What an author types, and the exact line that the hint tells to type instead. Adding a test is adding a row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import told_of

from metaimt.casefiles.hints import quoted_line
from metaimt.problem import Problem

# Where a line stands in a case file; the line itself is put in place of %s. Made up.
PLACES = {
    "report": (
        "report:\n  id: example-2024\n  design: case_report\n  %s\n"
        "patients:\n  - {id: P1, courses: [{drug: crizotinib}]}\n"
    ),
    "extraction": (
        "report: {id: example-2024, design: case_report}\nextraction:\n  %s\n"
        "patients:\n  - {id: P1, courses: [{drug: crizotinib}]}\n"
    ),
    "patient": (
        "report: {id: example-2024, design: case_report}\npatients:\n  - id: P1\n    %s\n"
        "    courses: [{drug: crizotinib}]\n"
    ),
    "course": (
        "report: {id: example-2024, design: case_report}\npatients:\n  - id: P1\n    courses:\n"
        "      - criteria: made up\n        %s\n"
    ),
    "arm": (
        "report: {id: example-2024, design: trial}\n"
        "arms:\n  - label: made up\n    drug: crizotinib\n    responders: 1\n    %s\n"
    ),
}
FIELDS = [
    ("patient", "site: omentum", "did you mean site: abdomen, site_detail: omentum?"),
    ("patient", "site: Uterus", "did you mean site: pelvis, site_detail: Uterus?"),
    ("patient", "site: Lung", "did you mean site: lung?"),
    ("patient", "fusion_partner: RANBP2-ALK", "did you mean fusion_gene: ALK, fusion_partner: RANBP2?"),
    ("patient", "fusion_partner: EML4::ALK", "did you mean fusion_gene: ALK, fusion_partner: EML4?"),
    ("patient", "fusion_partner: TPM3/ROS1 fusion", "did you mean fusion_gene: ROS1, fusion_partner: TPM3?"),
    ("patient", "fusion_partner: ALK-TPM4", "did you mean fusion_gene: ALK, fusion_partner: TPM4?"),
    ("patient", "fusion_partner: NUP358-ALK", "did you mean fusion_gene: ALK, fusion_partner: RANBP2?"),
    ("patient", "fusion_partner: ranbp2", "did you mean fusion_partner: RANBP2?"),
    ("patient", "fusion_gene: ETV6-NTRK3", "did you mean fusion_gene: NTRK3, fusion_partner: ETV6?"),
    ("patient", "fusion_gene: TRKA", "did you mean fusion_gene: NTRK1?"),
    ("patient", "sex: F", "did you mean sex: female?"),
    ("patient", "sex: Man", "did you mean sex: male?"),
    ("patient", "age: 10 months", "10 months / 12 = 0.83 years: write age: 0.83"),
    ("patient", "age: 6 weeks", "6 weeks / 52.18 = 0.11 years: write age: 0.11"),
    ("patient", "age: 3 days", "3 days / 365.25 = 0.0082 years: write age: 0.0082"),
    ("patient", "age: 34 years", "write age: 34 without quotes or unit"),
    ("patient", "age: 34-year-old", "write age: 34 without quotes or unit"),
    ("patient", 'age: "34"', "write age: 34 without quotes or unit"),
    ("patient", "age: 08", "write age: 8 without quotes or unit"),
    ("patient", "age: .5", "write age: 0.5 without quotes or unit"),
    ("patient", "age: 0,8", "a decimal point: write age: 0.8"),
    ("patient", "age: 30-40", "the age itself is not stated: delete the line, and keep '30-40' in extraction.note"),
    ("patient", "age: 34M", ""),  # male, or months
    ("patient", "ihc: ALK+", "write ihc: {ALK: positive}"),
    ("patient", "ihc: ALK positive", "write ihc: {ALK: positive}"),
    ("patient", "ihc: ALK-positive", "write ihc: {ALK: positive}"),
    ("patient", "ihc: ALK (neg)", "write ihc: {ALK: negative}"),
    ("patient", "ihc: [ALK-]", "write ihc: {ALK: negative}"),
    ("patient", "ihc: [ALK+, ROS1-]", "write {name: value}"),
    ("patient", "ihc: {ALK: +}", "did you mean ALK: positive?"),
    ("patient", "ihc: {ALK: yes}", "did you mean ALK: positive?"),
    ("patient", "rearranged: ALK", "write rearranged: {ALK: true}"),
    ("patient", "rearranged: {ALK: yes}", "write ALK: true"),
    ("patient", "followup_months: 2 years", "2 years * 12 = 24 months: write followup_months: 24"),
    ("patient", "followup_months: 12+", "write followup_months: 12, and that it is a lower bound in extraction.note"),
    ("patient", "followup_months: 3-6 months", ""),
    ("course", "drug: Xalkori", "did you mean drug: crizotinib?"),
    ("course", "drug: PF-02341066", "did you mean drug: crizotinib?"),
    ("course", "drug: Crizotinib", "did you mean drug: crizotinib?"),
    ("course", "response: Partial", "write response: PR"),
    ("course", "response: complete remission", "write response: CR"),
    ("course", "response_alternatives: [stable]", "the words of the source go into response_as_stated: "),
    ("course", "ongoing: yes", "write ongoing: true"),
    ("course", "ongoing: NO", "write ongoing: false"),
    ("course", "ongoing: nein", "write ongoing: false"),
    ("course", "ongoing: perhaps", ""),
    ("course", "duration_months: 8 months", "write duration_months: 8 without quotes or unit"),
    ("course", "duration_months: 8mo", "write duration_months: 8 without quotes or unit"),
    ("course", "duration_months: 8 m", "write duration_months: 8 without quotes or unit"),
    ("course", "duration_months: 8 Monate", "write duration_months: 8 without quotes or unit"),
    ("course", "duration_months: ca. 8", "write duration_months: 8, and that it is approximate in"),
    ("course", "duration_months: 3-6 months", "write duration_months: [3, 6]"),
    ("course", "duration_months: 3 to 6", "write duration_months: [3, 6]"),
    ("course", "duration_months: 3–6 mo", "write duration_months: [3, 6]"),
    ("course", "duration_months: [6, 3]", "write duration_months: [3, 6]"),
    ("course", "duration_months: 2 years", "2 years * 12 = 24 months: write duration_months: 24"),
    ("course", "duration_months: 1-2 years", "1 to 2 years * 12 = 12 to 24 months: write duration_months: [12, 24]"),
    ("course", "duration_months: 1,5 years", "1.5 years * 12 = 18 months: write duration_months: 18"),
    ("course", "duration_months: 12 weeks", "12 weeks / 4.345 = 2.8 months: write duration_months: 2.8"),
    ("course", "duration_months: 10 days", "10 days / 30.44 = 0.33 months: write duration_months: 0.33"),
    ("course", "duration_months: 3,6", "a decimal point: write duration_months: 3.6, or [3, 6] for a range"),
    ("course", "duration_months: '>12 months'", "write duration_months: 12, with ongoing: true"),
    ("course", "duration_months: 8 cycles", ""),
    ("course", "stop_reason: died", "did you mean stop_reason: death?"),
    ("arm", "evaluable: 12 patients", "write evaluable: 12 without quotes or unit"),
    ("arm", "evaluable: 12 of 14", ""),
    ("report", 'pmid: "PMID: 28787259"', 'write pmid: "28787259"'),
    ("report", "pmid: PMID 28787259", 'write pmid: "28787259"'),
    ("report", "pmid: PMID: 28787259", 'needs quotes: write pmid: "28787259"'),
    ("report", "pmid: https://pubmed.ncbi.nlm.nih.gov/28787259/", 'write pmid: "28787259"'),
    ("report", "pmid: PMC5947833", 'digits only: "28787259"'),
    ("report", "PMID: 28787259", "did you mean pmid?"),
    ("report", "doi: https://doi.org/10.1000/xyz.1", "write doi: 10.1000/xyz.1"),
    ("report", "doi: doi:10.1000/xyz", "write doi: 10.1000/xyz"),
    ("report", "doi: DOI: 10.1000/xyz.", "needs quotes: write doi: 10.1000/xyz"),
    ("report", "doi: none", "delete the line"),
    ("report", "doi: 10/x", "from 10. on, without https://doi.org/"),
    ("report", "pmcid: PMC 123", "write pmcid: PMC123"),
    ("report", "pmcid: 123", "write pmcid: PMC123"),
    ("report", "pmcid: https://pmc.ncbi.nlm.nih.gov/articles/PMC123/", "write pmcid: PMC123"),
    ("report", "title: Tumour: a case", 'needs quotes: write title: "Tumour: a case"'),
    ("extraction", "date: 23/11/2026", 'write date: "2026-11-23"'),
    ("extraction", "date: 11/23/2026", 'write date: "2026-11-23"'),
    ("extraction", "date: 11/12/2026", 'year, month, day: "2026-11-23"'),
    ("extraction", "date: 11/11/2026", 'write date: "2026-11-11"'),
    ("extraction", "date: 23.11.2026", 'write date: "2026-11-23"'),
    ("extraction", "date: 2026/11/23", 'write date: "2026-11-23"'),
    ("extraction", "date: 20261123", 'write date: "2026-11-23"'),
    ("extraction", "date: 2026-11-23T10:00:00Z", 'write date: "2026-11-23"'),
    ("extraction", "date: 23 November 2026", 'write date: "2026-11-23"'),
    ("extraction", "date: Nov 23, 2026", 'write date: "2026-11-23"'),
    ("extraction", "date: Nov 2026", 'write date: "2026-11"'),
    ("extraction", "date: 11/2026", 'write date: "2026-11"'),
    ("extraction", "date: 31/02/2026", 'year, month, day: "2026-11-23"'),
    ("course", "drug: crizotinib\n        dose: 250mg bid", "write dose: 250 mg twice daily"),
    ("course", "drug: crizotinib\n        dose: 280 mg/m² BID", "write dose: 280 mg/m2 twice daily"),
    ("course", "drug: crizotinib\n        dose: 600 mg q.d.", "write dose: 600 mg once daily"),
    ("course", "drug: crizotinib\n        dose: 250MG", "write dose: 250 mg"),
]


def asked(place: str, line: str, folder: Path) -> list[Problem]:
    """What is told about the line, apart from what other lines lack."""
    beside = {"missing-title", "missing-year", "read-by-one", "missing-field"}
    return [problem for problem in told_of(folder, PLACES[place].replace("%s", line)) if problem.rule not in beside]


@pytest.mark.parametrize(("place", "line", "hint"), FIELDS, ids=[row[1].split("\n")[-1].strip() for row in FIELDS])
def test_hint(place: str, line: str, hint: str, tmp_path: Path) -> None:
    (problem,) = asked(place, line, tmp_path)
    assert hint in problem.hint
    if not hint:
        assert problem.hint == ""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("course", "drug: crizotinib\n        dose: 250 mg twice daily"),
        ("course", "drug: crizotinib\n        dose: 750 mg daily"),  # perhaps in several doses: not "once daily"
        ("course", "drug: crizotinib\n        dose: 300 mg/m2/day"),
        ("course", "drug: crizotinib\n        dose: 100-280 mg/m2, as printed"),
        ("patient", "fusion_gene: ALK\n    fusion_partner: TNS1"),
        ("report", "pmid: 28787259"),
        ("extraction", "date: 2026-11-23"),
    ],
)
def test_nothing_is_asked(place: str, line: str, tmp_path: Path) -> None:
    assert asked(place, line, tmp_path) == []


PROPOSED = [row for row in FIELDS if "write " in row[2] and "quotes or unit" not in row[2] and "{name" not in row[2]]


@pytest.mark.parametrize(("place", "line", "hint"), PROPOSED, ids=[row[1].split("\n")[-1].strip() for row in PROPOSED])
def test_the_line_of_the_hint_is_accepted(place: str, line: str, hint: str, tmp_path: Path) -> None:
    mended = re.split(r", (?:or \[|and that|with)", hint.rpartition("write ")[2])[0]
    before = line.rpartition("\n")[0] + "\n        " if "\n" in line else ""
    if mended.startswith("ALK: "):
        mended = f"rearranged: {{{mended}}}"
    assert asked(place, before + mended, tmp_path) == []


def test_user_text_is_never_a_template(tmp_path: Path) -> None:
    (problem,) = asked("patient", 'site: "{0} write lung {message}"', tmp_path)
    assert "{0} write lung {message}" in problem.message


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        ('  title: A "made up": case', 'title: "A \\"made up\\": case"'),
        ("  - label: made up: a", 'label: "made up: a"'),
        ('  title: "Made up": a', ""),
        ("  title: [made up: a: b", ""),
        ("made up", ""),
    ],
)
def test_quoted_line(line: str, quoted: str) -> None:
    assert quoted_line(line) == quoted
