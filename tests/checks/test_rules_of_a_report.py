"""Where a rule speaks and where it does not: one row, one patient, arm or claim. All is made up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import FROZEN, told_of

from metaimt.casefiles.library import read_files
from metaimt.casefiles.model import CaseFile
from metaimt.checks import check_library
from metaimt.checks.within_report import WITHIN_RULES, problems_within
from metaimt.vocabulary import aggregators, built_in

HEAD = (
    "# Made up.\nreport: {id: example-2024, title: Made up, year: 2024, design: %s%s}\n"
    "extraction: {checked_by: reader-2}\n"
)


def rules(folder: Path, body: str, *, design: str = "case_series", more: str = "") -> list[str]:
    return [problem.rule for problem in told_of(folder, HEAD % (design, more) + body)]


def of_course(folder: Path, course: str, patient: str = "") -> list[str]:
    return rules(folder, f"patients: [{{id: P1, {patient}courses: [{{drug: crizotinib, {course}}}]}}]\n")


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ("pfs_months: [6, 9], duration_months: 9, stop_reason: progression", []),  # the range leaves it open
        ("pfs_months: [6, 8], duration_months: 9, stop_reason: progression", ["treated-beyond-progression"]),
        ("pfs_months: 6, duration_months: 9, stop_reason: toxicity", []),
        ("response_duration_months: 9, duration_months: 6, stop_reason: surgery", []),  # outlasts the drug
        ("response_duration_months: 9, duration_months: 6", []),
        ("response_duration_months: 9, duration_months: 6, stop_reason: progression", ["response-exceeds-treatment"]),
        ("response_duration_months: 9, duration_months: [6, 9], ongoing: true", []),
        ("response_duration_months: [5, 9], pfs_months: 6", []),
        ("response: SD, response_basis: inferred, pfs_months: 0, stop_reason: progression", []),
        ("response: PR, response_basis: inferred, pfs_months: [0, 1], stop_reason: progression", []),
        (
            "response: CR, response_basis: inferred, duration_months: 0, stop_reason: progression",
            ["response-and-progression-at-once"],
        ),
        ("time_to_response_months: 6, duration_months: 6, pfs_months: 6", []),
        ("time_to_response_months: [2, 7], duration_months: 6", []),
        ("time_to_response_months: 7, duration_months: [6, 8]", []),
        ("time_to_response_months: 7, duration_months: 6", ["response-after-treatment"]),
        ("time_to_response_months: 7, duration_months: 9, pfs_months: 6", ["response-after-treatment"]),
        ("time_to_response_months: -1", ["duration-out-of-range"]),
        ("duration_months: -1", ["duration-out-of-range"]),
        ("pfs_months: -0.5", ["duration-out-of-range"]),
        ("response_duration_months: -1", ["duration-out-of-range"]),
        ("response_duration_months: [-1, 3]", ["duration-out-of-range"]),
        ("response_duration_months: 601", ["duration-out-of-range"]),
        ("response: SD, response_basis: inferred, time_to_response_months: 2", ["response-duration-without-response"]),
        ("in_response_at_12_months: true, duration_months: 2, stop_reason: surgery", []),  # in response all the same
        ("in_response_at_12_months: true, duration_months: 2, stop_reason: progression", ["twelve-months-disagree"]),
        ("in_response_at_12_months: true, response_duration_months: 11", ["twelve-months-disagree"]),
        ("in_response_at_12_months: true, response_duration_months: 11, duration_months: 13", []),  # on the drug
        ("in_response_at_12_months: true, response_duration_months: [6, 12]", []),
        ("in_response_at_12_months: true, pfs_months: 9", ["twelve-months-disagree"]),
        ("in_response_at_12_months: true, pfs_months: 9, beyond_progression: true", []),
        ("in_response_at_12_months: true, response: PD, response_basis: inferred", ["twelve-months-disagree"]),
        ("in_response_at_12_months: true, response: SD, response_basis: inferred", []),  # on the drug
        ("in_response_at_12_months: false, duration_months: 11", []),
        ("in_response_at_12_months: false, duration_months: 12", ["twelve-months-disagree"]),
        ("in_response_at_12_months: false, response_duration_months: [9, 14]", []),
        ("became_operable: true, stop_reason: surgery", []),
        ("became_operable: true, response: PD, response_basis: inferred", ["operable-but-progressed"]),
        ("combined_with: [no other treatment]", ["combined-with-nothing"]),
        ("combined_with: [no-touch surgery]", []),
        ('combined_with: ["none (single agent)"]', ["combined-with-nothing"]),
        ("combined_with: [keine]", ["combined-with-nothing"]),
        ("combined_with: [no other drug]", ["combined-with-nothing"]),
        ("combined_with: [not combined]", ["combined-with-nothing"]),
        ('combined_with: ["0"]', ["combined-with-nothing"]),
        ("combined_with: [without surgery]", ["combined-with-nothing"]),
        ("combined_with: [single agent]", ["combined-with-nothing"]),
        ("combined_with: [ohne]", ["combined-with-nothing"]),
        ("combined_with: [NSAID]", []),
        ("combined_with: [nonsteroidal anti-inflammatory drug]", []),
        ("combined_with: [surgery alone]", []),
        ("dose: 250 mg plus radiotherapy", ["combination-in-dose"]),
        ("dose: 250 mg plus radiotherapy, combined_with: [radiotherapy]", []),
        ("dose: 250 mg after surgery", []),
        ("in_response_at_12_months: true, duration_months: 11, stop_reason: death", ["twelve-months-disagree"]),
        ("in_response_at_12_months: true, duration_months: 14, stop_reason: death", []),
        ("in_response_at_12_months: true, stop_reason: death", []),
        ("duration_months: 200", []),
        ("duration_months: 229", ["duration-exceeds-drug"]),  # crizotinib: 2006; the report: 2024
        ("response: NE, response_basis: inferred, stop_reason: death", []),
        ("response: NE, response_basis: inferred", []),
        ("response: NE, response_basis: inferred, response_alternatives: [PR]", ["not-evaluable-but-assessed"]),
        ("response: NE, response_basis: inferred, response_alternatives: [NE]", ["alternative-is-response"]),
        ("response: PR, response_basis: measured, size_change_percent: -40", []),
        ("response: PR, response_basis: inferred", []),
        ("dose: 250 mg twice daily with food", []),
        ("dose: 250 mg with food", []),
        ("dose: 250mg with food", ["dose-in-short"]),
        ("dose: started at 200 mg bid", []),  # not a plain dose: as printed
    ],
)
def test_course(course: str, expected: list[str], tmp_path: Path) -> None:
    assert of_course(tmp_path, course) == expected


@pytest.mark.parametrize(
    ("months", "note", "speaks"),
    [
        ("7", "7 months of crizotinib", False),
        ("7.4", "seven months on crizotinib", False),
        ("30", "seven months of crizotinib", True),
        ("[6, 9]", "7 months of crizotinib", False),
        ("[8, 9]", "7 months of crizotinib", True),
        ("1.15", "crizotinib for five weeks", False),
        ("5", "crizotinib was given for five weeks", True),
        ("72", "6 years of crizotinib", False),
        ("8", "8 weeks in all", True),
        ("8", "partial response after 8 weeks, scans every 8 weeks", False),
        ("14", "partial response after 2 months of crizotinib", False),
        ("8", "8 months in all, the last 8 weeks at a lower dose", False),
        ("8", "an 8-year-old", False),
        ("7", "2 months of lorlatinib", False),
        ("7", "7 months of crizotinib, 2 months of crizotinib before surgery", False),
        ("7", "crizotinib for more than 2 months", False),
    ],
)
def test_a_duration_against_the_note(months: str, note: str, speaks: bool, tmp_path: Path) -> None:
    path = tmp_path / "example-2024.yaml"
    head = (HEAD % ("case_report", "")).replace("}\nextraction: {", f"}}\nextraction: {{note: '{note}', ")
    path.write_text(f"{head}patients: [{{id: P1, courses: [{{drug: crizotinib, duration_months: {months}}}]}}]\n")
    found = [problem.rule for problem in check_library(read_files([path]), whole=False)]
    assert found == (["duration-not-in-words"] if speaks else [])


DOSES = {
    "once daily": "qd od q.d. o.d. q24h 1x/d 1x/day",
    "twice daily": "bid bd b.i.d. b.d. q12h 2x/d 2x/day",
    "three times daily": "tid tds t.i.d. t.d.s. q8h 3x/d 3x/day",
}


@pytest.mark.parametrize(
    ("often", "short"), [(words, short) for words, all_ in DOSES.items() for short in all_.split()]
)
def test_a_dose_in_short_is_written_out(often: str, short: str, tmp_path: Path) -> None:
    assert of_course(tmp_path, f"dose: 250 mg {short}") == ["dose-in-short"]
    (found,) = check_library(read_files([tmp_path / "example-2024.yaml"]), whole=False)
    assert found.hint == f"write dose: 250 mg {often}"


ANOTHER, NONE = ["words-name-another-response"], ["words-name-no-response"]


@pytest.mark.parametrize(
    ("words", "response", "expected"),
    [
        ("partial response", "PR", []),
        ("a Partial Response of the lung lesions", "CR", ANOTHER),
        ("partial response, then progressive disease", "PR", []),
        ("partial response, then progressive disease", "SD", ANOTHER),
        ("near complete response", "PR", NONE),
        ("nearly complete response", "PR", NONE),
        ("near-complete response", "CR", ANOTHER),
        ("no complete response, stable disease", "SD", []),
        ("no complete response", "CR", ANOTHER),
        ("not a complete response", "PR", NONE),
        ("dramatic response", "PR", NONE),
        ("dramatic response", "PD", ANOTHER),
        ("complete response", "NE", []),
        ("grew by 48%", "PR", ANOTHER),
        ("grew by 48%", "SD", ANOTHER),
        ("grew by 48%", "PD", NONE),
        ("grew by 8%", "SD", NONE),
        ("no response", "PR", ANOTHER),
        ("no response", "CR", ANOTHER),
        ("no response", "SD", NONE),
        ("failed to respond to the drug", "CR", ANOTHER),
        ("reduced by 48%", "PD", ANOTHER),
        ("reduced by 48%", "PR", NONE),
        ("-48 % by RECIST", "PD", ANOTHER),
        ("+25 %", "PR", ANOTHER),
        ("responded", "PD", ANOTHER),
        ("responded, then progressed", "PD", []),
        ("responded, then progressed", "PR", []),
        ("partial regression after 3 months", "SD", ANOTHER),
        ("the disease was stable", "PR", ANOTHER),
        ("the disease was stable", "SD", []),
        ("without evidence of progression", "PD", ANOTHER),
        ("without evidence of progression", "SD", NONE),
        ("the tumour was progression-free", "PD", ANOTHER),
        ("progression was not observed", "PD", ANOTHER),
        ("had a tumor response", "PR", NONE),
        ("a complete metabolic response", "PR", NONE),  # says nothing of the size
        ("pathological complete response", "SD", NONE),
        ("Complete and Repeated Response", "CR", []),
        ("able to achieve a PR", "PR", []),
        ("able to achieve a PR", "CR", ANOTHER),
        ("PD-L1 positive, partial response", "PR", []),
        ("on a stable dose a partial response", "PR", []),
        ("Teilremission erreicht", "PR", []),
        ("keine Progression", "PD", ANOTHER),
        ("部分", "PR", []),  # letters that nobody here reads
        ("a patient without prior therapy had a partial response", "PR", []),
        ("at least stable disease", "PR", []),
    ],
)
def test_words_of_the_source(words: str, response: str, expected: list[str], tmp_path: Path) -> None:
    found = of_course(tmp_path, f"response: {response}, response_basis: stated, response_as_stated: '{words}'")
    assert found == expected


def test_a_prior_inhibitor_that_is_a_course_is_told_with_its_number(tmp_path: Path) -> None:
    patient = "{id: P1, prior_treatment: [ceritinib], courses: [{drug: alectinib}, {drug: ceritinib}]}"
    told = told_of(tmp_path, HEAD % ("case_report", "") + f"patients: [{patient}]\n")
    assert any("'ceritinib' is also course 2: prior treatment" in problem.message for problem in told)


def test_words_that_leave_an_alternative_open_agree_with_it(tmp_path: Path) -> None:
    course = "response: SD, response_basis: inferred, response_as_stated: clinical response"
    assert of_course(tmp_path, course) == ANOTHER
    assert of_course(tmp_path, f"{course}, response_alternatives: [PR]") == []


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        ("age: 115, courses: [{drug: crizotinib}]", []),
        ("followup_months: 6, courses: [{drug: crizotinib, duration_months: 6, pfs_months: [6, 9]}]", []),
        (
            "followup_months: 6, courses: [{drug: crizotinib, duration_months: 4}, "
            "{drug: lorlatinib, duration_months: 3}]",
            ["treatment-exceeds-follow-up"],  # not one of them, but both together
        ),
        (
            "followup_months: 6, courses: [{drug: crizotinib, duration_months: [1, 4]}, "
            "{drug: lorlatinib, duration_months: 5}]",
            [],
        ),
        ("prior_treatment: [surgery, doxorubicin, unknown], courses: [{drug: crizotinib}]", []),
        ("prior_treatment: [crizotinib 250 mg], courses: [{drug: crizotinib}]", ["prior-kinase-inhibitor"]),
        ("prior_treatment: [Xalkori], courses: [{drug: alectinib}]", ["prior-kinase-inhibitor"]),
        ("prior_treatment: [an ALK inhibitor], courses: [{drug: alectinib}]", ["prior-kinase-inhibitor"]),
        ("prior_treatment: [ceritinib], courses: [{drug: alectinib}, {drug: ceritinib}]", ["prior-kinase-inhibitor"]),
        ("courses: [{drug: lorlatinib}, {drug: entrectinib}, {drug: alectinib}]", []),  # other: no generation
        ("courses: [{drug: alectinib}, {drug: ceritinib}]", []),
        ("courses: [{drug: unspecified ALK inhibitor}, {drug: unspecified ALK inhibitor}]", []),
        ("courses: [{drug: crizotinib}, {drug: alectinib}, {drug: crizotinib}]", ["generation-order"]),
        ("ihc: {ALK: positive, desmin: positive}, courses: [{drug: crizotinib}]", []),
        ("ihc: {ALK: positive, ROS1: positive}, courses: [{drug: crizotinib}]", ["evidence-of-two-kinases"]),
        ("ihc: {ALK: positive}, rearranged: {ROS1: true}, courses: [{drug: crizotinib}]", ["evidence-of-two-kinases"]),
        ("ihc: {ALK: positive}, rearranged: {ALK: true, ROS1: false}, courses: [{drug: crizotinib}]", []),
        ("courses: [{drug: crizotinib, stop_reason: death}]", []),
        ("status: dead, courses: [{drug: crizotinib, stop_reason: progression}]", []),
    ],
)
def test_patient(patient: str, expected: list[str], tmp_path: Path) -> None:
    assert rules(tmp_path, f"patients: [{{id: P1, {patient}}}]\n") == expected


@pytest.mark.parametrize(
    ("claim", "speaks"),
    [
        ("n: 18, of: 74, percent: 24.3", False),
        ("n: 18, of: 74, percent: 24", False),
        ("n: 18, of: 74, percent: 24.1", True),
        ("n: 11, of: 74, percent: 14.9", False),  # rounded
        ("n: 11, of: 74, percent: 14.8", False),  # cut off
        ("n: 11, of: 74, percent: 14.7", True),
        ("n: 18, of: 58, percent: 31.0", False),
        ("n: 19, of: 60, percent: 31.0", True),  # 31.7: the zero counts
        ("n: 19, of: 60, percent: 31", False),  # cut off
        ("n: 1, of: 8, percent: 12.5", False),
        ("n: 1, of: 8, percent: 12", False),  # half to even
        ("n: 1, of: 8, percent: 13", False),
        ("n: 0, of: 0, percent: 0", False),
        ("n: 3, of: 3, percent: 1e2", False),
        ("of: 74, percent: 9.5", False),
        ("n: 5, of: 74", False),
    ],
)
def test_claim(claim: str, speaks: bool, tmp_path: Path) -> None:
    body = f"arms: [{{label: a, drug: crizotinib, evaluable: 1, responders: 1}}]\nclaims: [{{what: a, {claim}}}]\n"
    assert rules(tmp_path, body, design="trial") == (["claim-percentage"] if speaks else [])


@pytest.mark.parametrize(
    ("arm", "expected"),
    [
        ("evaluable: 12, responders: 8, cr: 2, pr: 6, sd: 3", []),  # one category is not printed
        ("evaluable: 12, responders: 8, cr: 2, pr: 6, sd: 3, pd: 0", ["categories-below-evaluable"]),
        ("evaluable: 12, responders: 8, cr: 2, pr: 6, sd: 3, pd: 1", []),
        ("evaluable: 3, responders: 2, cr: 3", ["cr-pr-not-responders"]),
        ("evaluable: 3, responders: 2, cr: 1", []),  # one category is not printed
        ("evaluable: 3, responders: 2, cr: 1, pr: 0", ["cr-pr-not-responders"]),
        ("evaluable: 4, responders: 2, pr: 3, sd: 2", ["counts-exceed-evaluable", "cr-pr-not-responders"]),
        ("evaluable: 3, responders: 3", []),
        ("evaluable: 3, responders: 3, sd: 1", ["counts-exceed-evaluable"]),
        ("evaluable: 3, responders: 1, pd: 3", ["counts-exceed-evaluable"]),
        ("evaluable: 3, responders: 4", ["responders-exceed-evaluable"]),
        ("evaluable: 3, responders: 4, sd: 1", ["responders-exceed-evaluable"]),  # told once
        ("evaluable: 3, responders: 2, pd: -1", ["count-below-zero"]),
        ("evaluable: 3, responders: 2, fusion_gene: ALK, fusion_partner: ALK", ["partner-is-gene"]),
        ("evaluable: 3, responders: 2, treated: 3", []),
        ("evaluable: 3, responders: 2, treated: 2", ["counts-exceed-treated"]),
        ("responders: 2, treated: 1", ["counts-exceed-treated", "uncounted-arm"]),
        ("treated: 200", ["uncounted-arm"]),
        ("treated: 201", ["implausible-count", "uncounted-arm"]),
        ("evaluable: 3, responders: 2, in_response_at_12_months: {n: 2, of: 3}", []),
        ("evaluable: 3, responders: 2, in_response_at_12_months: {n: 3, of: 2}", ["counts-exceed-treated"]),
        ("evaluable: 3, responders: 2, treated: 4, in_response_at_12_months: {n: 2, of: 5}", ["counts-exceed-treated"]),
    ],
)
def test_arm(arm: str, expected: list[str], tmp_path: Path) -> None:
    assert rules(tmp_path, f"arms: [{{label: a, drug: crizotinib, {arm}}}]\n", design="trial") == expected


@pytest.mark.parametrize(
    ("age", "months"),
    [("-1", ""), ("116", "9.67"), ("1380", "115"), ("1381", "")],  # 12 * 115 months
)
def test_an_age_out_of_range_may_be_of_months(age: str, months: str, tmp_path: Path) -> None:
    assert of_course(tmp_path, "", f"age: {age}, ") == ["age-out-of-range"]
    (found,) = check_library(read_files([tmp_path / "example-2024.yaml"]), whole=False)
    assert found.hint == "write years; months as a fraction: 0.5" + (
        f"; if these are months, age: {months}" * bool(months)
    )


@pytest.mark.parametrize(
    ("year", "date", "speaks"),
    [
        (1799, "", True),
        (1800, "", False),
        (2100, "", False),
        (2101, "", True),
        (2026, "2025-01-01", False),
        (2027, "2025-01-01", True),
    ],
)
def test_the_year_of_a_report(year: int, date: str, speaks: bool, tmp_path: Path) -> None:
    read = f", date: {date}" if date else ""
    text = f"report: {{id: example, title: a, year: {year}, design: trial}}\nextraction: {{checked_by: b{read}}}\n"
    text += "patients: [{id: P1, courses: [{drug: unspecified ALK inhibitor}]}]\n"
    assert ("year-out-of-range" in {problem.rule for problem in told_of(tmp_path, text, "example")}) == speaks


@pytest.mark.parametrize(
    ("facts", "expected"),
    [  # what two patients of one report have alike
        ("age: 9, sex: male, site: lung", ["same-facts-twice"]),
        ("age: 9, sex: male", []),  # two facts
        ("sex: male, site: lung, fusion_gene: ALK, fusion_partner: TPM3", []),  # and none of them a number
        ("sex: male, site: lung, followup_months: 7", ["same-facts-twice"]),
        ("sex: male, site_detail: hilum, age: 9", ["same-facts-twice"]),
    ],
)
def test_two_patients_alike(facts: str, expected: list[str], tmp_path: Path) -> None:
    one, two = (f"{{id: {id}, {facts}, courses: [{{drug: crizotinib}}]}}" for id in ("P1", "P2"))
    assert rules(tmp_path, f"patients: [{one}, {two}]\n") == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("n: 3, part_of: girls", ""),
        ("n: 3, part_of: grils", "did you mean girls?"),
        ("n: 3, part_of: horses", "write the what, or the quantity, of another claim"),
    ],
)
def test_a_claim_about_no_group(said: str, expected: str, tmp_path: Path) -> None:
    claims = f"claims: [{{what: girls, n: 3}}, {{what: others, {said}}}]"
    speaks = rules(tmp_path, f"arms: [{{label: a, drug: crizotinib, evaluable: 1, responders: 1}}]\n{claims}\n")
    assert speaks == (["unknown-quantity"] if expected else [])
    told = check_library(read_files([tmp_path / "example-2024.yaml"]), whole=False)
    assert [problem.hint for problem in told] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (", url: https://www.medworm.com/a", []),  # the only place where it could be read
        (", pmid: 1, url: https://www.medworm.com/a", ["aggregator-link"]),
        (", pmid: 1, url: HTTP://MEDWORM.com:80", ["wrong-form"]),
        (", pmid: 1, url: http://MEDWORM.com:80", ["aggregator-link"]),
        (", pmid: 1, url: https://example.org/medworm.com", []),
    ],
)
def test_report(more: str, expected: list[str], tmp_path: Path) -> None:
    assert rules(tmp_path, "patients: [{id: P1, courses: [{drug: crizotinib}]}]\n", more=more) == expected


@pytest.mark.parametrize(
    ("name", "year", "speaks"),
    [
        ("example-2024", 2023, True),
        ("example-2024-b", 2023, True),
        ("example-2024", 2024, False),
        ("example-pmc2023", 2024, False),
        ("example-2023-cohort", 2024, False),
        ("example", 2024, False),
    ],
)
def test_year_in_the_id(name: str, year: int, speaks: bool, tmp_path: Path) -> None:
    text = f"report: {{id: {name}, title: a, year: {year}, design: trial}}\nextraction: {{checked_by: b}}\n"
    found = told_of(tmp_path, text + "patients: [{id: P1, courses: [{drug: crizotinib}]}]\n", name)
    assert [problem.rule for problem in found] == (["id-with-another-year"] if speaks else [])


def test_aggregators_are_hosts_in_the_review() -> None:
    urls = " ".join(path.read_text(encoding="utf-8") for path in (FROZEN / "cases" / "literature").glob("*.yaml"))
    hosts = {host.removeprefix("www.") for host in re.findall(r"url: https?://([^/\s]+)", urls)}
    assert aggregators() <= hosts
    assert not aggregators() & {"pmc.ncbi.nlm.nih.gov", "doaj.org", "frontiersin.org", "github.com"}


def test_a_rule_finds_in_a_case_what_the_walk_finds(tmp_path: Path) -> None:
    """`Rule.find` is what an interview asks of an unfinished case."""
    path = tmp_path / "example-2024.yaml"
    path.write_text(
        HEAD % ("case_report", "")
        + "patients:\n  - {id: P1, age: 200, courses: [{drug: crizotinib, response: PR, duration_months: -1}]}\n"
        + "  - {id: P1, courses: [{drug: crizotinib}]}\n"
        + "arms: [{label: a, drug: crizotinib, evaluable: 1, responders: 2}]\n"
    )
    library = read_files([path])
    (case,) = library.reports
    assert isinstance(case, CaseFile)
    document = library.report_documents[case.id]
    found = {rule.problem(document, finding) for rule in WITHIN_RULES for finding in rule.find(case)}
    assert found == set(problems_within(case, document, built_in()))
    assert len(found) == 6


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        ("ihc: {ALK: positive}, rearranged: {ALK: false}", ["positive-but-not-rearranged"]),
        ("ihc: {ALK: positive}, rearranged: {ROS1: false}", []),
        ("ihc: {SMA: positive}, test_method: 'FISH: no ALK rearrangement'", ["test-without-result"]),
        ("rearranged: {ALK: false}, test_method: 'FISH: no ALK rearrangement'", []),
        ("ihc: {ALK: negative}, ihc_pattern: ALK negative", []),
        ("ihc: {SMA: positive}, ihc_pattern: ALK negative", ["test-without-result"]),
        ("ihc: {SMA: positive}, ihc_pattern: ALK positive", ["test-without-result"]),
        ("ihc: {ALK: negative}, test_method: FISH for ALK rearrangement", []),
        ("ihc: {ALK: positive}, test_method: ALK break-apart FISH", []),
        ("test_method: FISH", ["test-without-result"]),
    ],
)
def test_markers_and_tests(patient: str, expected: list[str], tmp_path: Path) -> None:
    found = rules(tmp_path, f"patients: [{{id: P1, {patient}, courses: [{{drug: crizotinib}}]}}]\n")
    assert found == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("none", ["wrong-form"]),
        ("wild type", ["wrong-form"]),
        ("no mutation", ["wrong-form"]),
        ("not detected", ["wrong-form"]),
        ("V600E", []),
        ("nonsense mutation", []),
        ("not stated which", []),
    ],
)
def test_a_mutation_that_is_none(change: str, expected: list[str], tmp_path: Path) -> None:
    mutation = f"mutations: [{{gene: TP53, change: {change}}}]"
    assert rules(tmp_path, f"patients: [{{id: P1, {mutation}, courses: [{{drug: crizotinib}}]}}]\n") == expected


@pytest.mark.parametrize(
    ("sizes", "hint"),
    [
        ('["8.7 cm", "75 mm"]', "in cm: write sizes: [8.7, 7.5]"),
        ('["87 mm", "7.5 cm"]', "in mm: write sizes: [87, 75]"),
        ('["8,7 cm", "7,5 cm"]', "write sizes: [8.7, 7.5]"),
        ('["8.7 cm", 75]', "write two numbers in the same unit, without the unit: [8.7, 7.5]"),
        ('["8.7 in", "7 in"]', "write two numbers in the same unit, without the unit: [8.7, 7.5]"),
    ],
)
def test_units_of_sizes_are_not_dropped(sizes: str, hint: str, tmp_path: Path) -> None:
    assert of_course(tmp_path, f"sizes: {sizes}") == ["wrong-type"]
    (found,) = check_library(read_files([tmp_path / "example-2024.yaml"]), whole=False)
    assert found.hint == hint
