"""What labels and titles say, and what they do not say. All is made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import told_of

from metaimt.checks.labels import _another_tumour, told_status
from metaimt.vocabulary import built_in

P, N = {"positive"}, {"negative"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ALK-positive, crizotinib", {"ALK": P}),
        ("ALK positive", {"ALK": P}),
        ("ALK+ tumours", {"ALK": P}),
        ("ALK-rearranged", {"ALK": P}),
        ("tumours with ALK fusions", {"ALK": P}),
        ("a TFG-ROS1 tumour", {"ROS1": P}),
        ("EML4::ALK", {"ALK": P}),
        ("ALK-negative", {"ALK": N}),
        ("EML4-ALK-negative", {}),
        ("ALK- tumours", {"ALK": N}),
        ("ALK wild-type", {"ALK": N}),
        ("non-ALK tumours", {"ALK": N}),
        ("without ALK rearrangement", {"ALK": N}),
        ("ALK-negative, ROS1-positive", {"ALK": N, "ROS1": P}),
        ("ALK-positive or -negative", {"ALK": {"positive", "negative"}}),
        ("with and without ALK gene alterations", {}),
        ("ROS1 IMT", {"ROS1": P}),
        ("ALK tumours", {"ALK": P}),
        ("ALK pos. IMT", {"ALK": P}),
        ("ALK neg. IMT", {"ALK": N}),
        ("ALK-neg and -pos", {"ALK": {"positive", "negative"}}),
        ("ALK inhibitor, drug not stated", {}),
        ("ALK-targeted therapy", {}),
        ("ALK-TKI", {}),
        ("Targeting ALK With Crizotinib", {}),
        ("anti-ALK treatment", {}),
    ],
)
def test_status_in_a_text(text: str, told: dict[str, set[str]]) -> None:
    assert told_status(text, built_in()) == told


def found(folder: Path, label: str, arm: str, rule: str = "label-disagrees") -> list[str]:
    head = "# Made up.\nreport: {id: example-2024, title: a, year: 2024, design: trial}\nextraction: {checked_by: b}\n"
    arms = f"arms: [{{label: '{label}', drug: crizotinib, evaluable: 12, responders: 6, {arm}}}]\n"
    return [problem.message for problem in told_of(folder, head + arms) if problem.rule == rule]


@pytest.mark.parametrize(
    ("label", "arm"),
    [
        ("ALK-positive or -negative", "status: {ALK: mixed}"),
        ("ALK-positive or -negative", "status: {ROS1: positive}"),
        ("crizotinib with prior chemotherapy", ""),
        ("crizotinib after surgery and chemotherapy", ""),
        ("crizotinib and chemotherapy-refractory disease", ""),
        ("crizotinib after lorlatinib", "line: later"),
        ("alectinib-resistant, crizotinib", "line: later"),
        ("response after crizotinib", ""),
        ("no prior ALK inhibitor", ""),
        ("crizotinib-naive", ""),
        ("ALK unknown", ""),
        ("TRK inhibitor", ""),
        ("TRK fusion positive", "status: {NTRK3: positive}"),
        ("TRK fusion positive", "fusion_gene: NTRK1/2/3"),
        ("ORR 50%", ""),
        ("25 % of the dose, ORR 50 %", ""),
        ("crizotinib, then lorlatinib", ""),
        ("children and adults", "population: mixed"),
        ("IMT/EIMS", "histology: IMT"),
        ("IMT", ""),
        ("first or later line", "line: any"),
        ("phase 1/2", ""),
        ("12 of 30 patients", ""),
        ("6 of 12 responded", ""),
        ("n=12", ""),
        ("dose 250 mg, 6/12 (50 %)", ""),
        ("NTRK1/2/3", ""),
    ],
)
def test_nothing_is_asked(label: str, arm: str, tmp_path: Path) -> None:
    assert found(tmp_path, label, arm) == []


@pytest.mark.parametrize(
    ("label", "arm", "message"),
    [
        ("RANBP2-ALK", "status: {ALK: negative}", "the label says ALK-positive, but ALK is negative in status"),
        ("ROS1 fusion", "fusion_gene: ALK", "the label says ROS1-positive, but ROS1 is left out in status"),
        ("ALK+ and -negative", "status: {ALK: positive}", ""),
        (
            "ALK-positive and negative",
            "status: {ALK: positive}",
            "the label says ALK positive and negative, but ALK is positive in status",
        ),
        ("crizotinib + chemotherapy", "", "the label says '+ chemotherapy', but combined_with is left out"),
        ("crizotinib alone", "combined_with: [surgery]", "the label says 'alone', but combined_with is surgery"),
        ("lorlatinib", "", "the label says lorlatinib, but drug is crizotinib"),
        ("children", "population: adult", "the label says paediatric, but population is adult"),
        ("pediatric", "", "the label says paediatric, but population is left out"),
        ("EIMS", "", "the label says EIMS, but histology is left out"),
        ("epithelioid", "histology: IMT", "the label says EIMS, but histology is IMT"),
        ("front-line", "line: later", "the label says first, but line is later"),
        ("second line", "", "the label says later, but line is any"),
        ("crizotinib after lorlatinib", "", "the label says later, but line is any"),
        ("alectinib-resistant, crizotinib", "", "the label says later, but line is any"),
        ("crizotinib-pretreated", "line: any", "the label says later, but line is any"),
        ("after crizotinib failure", "line: first", "the label says later, but line is first"),
        ("previously treated with crizotinib", "", "the label says later, but line is any"),
        ("crizotinib-refractory", "", "the label says later, but line is any"),
        ("progressed on an ALK inhibitor", "", "the label says later, but line is any"),
        ("crizotinib and NSAID", "", "the label says 'and NSAID', but combined_with is left out"),
        ("ALK unknown", "status: {ALK: positive}", "the label says ALK unknown, but ALK is positive in status"),
        ("ALK not tested", "status: {ALK: negative}", "the label says ALK unknown, but ALK is negative in status"),
        (
            "TRK fusion positive",
            "status: {ALK: positive}",
            "the label says TRK-positive, but none of NTRK1, NTRK2, NTRK3 is in status",
        ),
        ("ORR 60%", "", "the label says 60 %, but the arm has 6/12"),
        ("60% responded", "", "the label says 60 %, but the arm has 6/12"),
        ("7/12", "", "the label says 7/12, but the arm has 6/12"),
        ("n = 20", "", "the label says 20 patients, but the arm has 12"),
        ("20 children", "population: paediatric", "the label says 20 patients, but the arm has 12"),
    ],
)
def test_it_is_asked(label: str, arm: str, message: str, tmp_path: Path) -> None:
    assert found(tmp_path, label, arm) == ([message] if message else [])


@pytest.mark.parametrize(
    ("label", "named"),
    [
        ("paediatric relapsed ALCL, crizotinib", "ALCL"),
        ("ALK-positive NSCLC", "NSCLC"),
        ("neuroblastoma, ALK-mutated", "neuroblastoma"),
        ("lung adenocarcinoma", "adenocarcinoma"),
        ("renal cell carcinoma", "renal cell carcinoma"),
        ("thyroid cancer", "cancer"),
        ("Lymphomas", "Lymphomas"),
        ("soft tissue sarcoma", "sarcoma"),
        ("Spitz tumor", "Spitz tumor"),
        ("epithelioid inflammatory myofibroblastic sarcoma", ""),
        ("inflammatory fibrosarcoma", ""),
        ("anaplastic lymphoma kinase-positive IMT", ""),
        ("IMT, not lymphoma", ""),
        ("IMT mimicking a soft tissue sarcoma", ""),
        ("IMT first diagnosed as leiomyosarcoma", ""),
        ("lymphoma-like IMT", ""),
        ("sarcomatous", ""),
        ("IMT of the thyroid", ""),
        ("all IMT", ""),
        ("National Cancer Institute, IMT", ""),
    ],
)
def test_another_tumour(label: str, named: str, tmp_path: Path) -> None:
    said = [f"label names another tumour: {named}"] if named else []
    assert found(tmp_path, label, "histology: IMT", "another-tumour") == said
    assert found(tmp_path, label, "", "another-tumour") == said
    assert found(tmp_path, label, "histology: other", "another-tumour") == []


def test_the_other_tumours_can_be_extended() -> None:
    terms = built_in().extended({"other_tumour": {"made-up-oma": ["MUO"]}})
    assert _another_tumour("relapsed MUO", terms) == "MUO"
    assert _another_tumour("relapsed MUO", built_in()) == ""


def titled(folder: Path, title: str, patient: str, design: str = "case_report") -> list[str]:
    problems = told_of(
        folder,
        f"# Made up.\nreport: {{id: example-2024, title: '{title}', year: 2024, design: {design}}}\n"
        f"extraction: {{checked_by: b}}\npatients: [{{id: P1, {patient}, courses: [{{drug: crizotinib}}]}}]\n",
    )
    return [problem.message for problem in problems if problem.rule == "title-disagrees"]


@pytest.mark.parametrize(
    ("title", "patient", "message"),
    [
        ("A girl", "sex: male", "the title says female, but sex is male"),
        ("A boy", "sex: male", ""),
        ("A child", "age: 40", "the title says paediatric, but age is 40"),
        ("A child", "age: 17", ""),
        ("An adult", "age: 4", "the title says adult, but age is 4"),
        ("Tumour of the tongue", "site: lung", "the title says head_and_neck, but site is lung"),
        ("Tumour of the lung with spread to the brain", "site: lung", ""),
        ("Tumour of the chest wall", "site: limbs_and_trunk", ""),
        ("Spread to the brain", "site: lung, disease: metastatic", ""),
        ("Epithelioid sarcoma", "histology: IMT", "the title says epithelioid, but histology is IMT"),
        ("Myofibroblastic tumour", "histology: EIMS", ""),
        ("ALK-positive", "ihc: {ALK: positive}", ""),
        ("ALK-positive", "ihc: {ALK: negative}, rearranged: {ALK: true}", ""),
        ("ALK-negative", "ihc: {ALK: positive}", "the title says ALK-negative, but ALK is positive"),
        ("ROS1-rearranged", "ihc: {ALK: negative}", "the title says ROS1-positive, but ROS1 is left out"),
        ("Lorlatinib", "age: 40", "the title says lorlatinib, but no course or arm is of that drug"),
        ("ALK inhibitors", "age: 40", ""),
        (
            "Combined with radiotherapy",
            "age: 40",
            "the title says 'Combined with radiotherapy', but combined_with is left out",
        ),
        ("A phase II trial", "age: 40", "the title says trial, but design is case_report"),
    ],
)
def test_titles(title: str, patient: str, message: str, tmp_path: Path) -> None:
    assert titled(tmp_path, title, patient) == ([message] if message else [])


@pytest.mark.parametrize(
    ("detail", "site", "speaks"),
    [
        ("abdominal wall", "limbs_and_trunk", False),
        ("abdominal wall", "abdomen", True),
        ("left kidney, lung metastases", "abdomen", False),
        ("Tongue", "lung", True),
        ("gallbladder", "abdomen", False),
        ("soft tissues, region not stated", "other", False),
    ],
)
def test_exact_places(detail: str, site: str, speaks: bool, tmp_path: Path) -> None:
    told = told_of(
        tmp_path,
        "# Made up.\nreport: {id: example-2024, title: a, year: 2024, design: case_report}\n"
        f"extraction: {{checked_by: b}}\npatients: [{{id: P1, site: {site}, site_detail: '{detail}', "
        "courses: [{drug: crizotinib}]}]\n",
    )
    assert [problem.rule for problem in told] == (["detail-disagrees"] if speaks else [])


def test_a_series_may_have_a_title_of_cases(tmp_path: Path) -> None:
    assert titled(tmp_path, "A case report", "age: 40", "case_series") == []
    assert titled(tmp_path, "A case report", "age: 40", "cohort") != []
