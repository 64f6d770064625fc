"""The draft of a mapping: what is certain is written, no code is guessed. Everybody in the tables is made up."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.cohort_mapping import CohortMapping
from metaimt.casefiles.draft_mapping import Draft, draft_mapping
from metaimt.casefiles.patient_table import read_patient_table
from metaimt.casefiles.reading import read_model
from metaimt.casefiles.strict_yaml import parse
from metaimt.problem import Problem
from metaimt.vocabulary import built_in


def draft(folder: Path, heading: str, *rows: str) -> Draft:
    (folder / "t.csv").write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return draft_mapping(folder / "t.csv")


def mapping_of(text: str) -> tuple[CohortMapping | None, tuple[Problem, ...]]:
    return read_model(parse("t.mapping.yaml", text.encode()), CohortMapping, built_in())


def drafted(folder: Path, heading: str, *rows: str) -> CohortMapping:
    found, problems = mapping_of(draft(folder, heading, *rows).text)
    assert problems == ()
    assert found is not None
    return found


def headings(mapping: CohortMapping) -> dict[str, str]:
    return {field: column.column for field, column in mapping.used()}


def test_columns_are_recognised_by_heading(tmp_path: Path) -> None:
    heading = (
        "Study No.;AGE (years);Gender;Primary site;ALK IHC;desmin;Fever;Radiotherapy;Date of diagnosis;Last follow-up"
    )
    heading += ";Vital status;TKI;Best response;TKI 2;Best response 2;Surgical margin"
    row = "1;30;F;lung;pos;negative;y;no;31/01/2010;01/02/2012;alive;crizotinib;PR;lorlatinib;SD;R0"
    found = drafted(tmp_path, heading, row)
    assert headings(found) == {
        "id": "Study No.",
        "age": "AGE (years)",
        "sex": "Gender",
        "site": "Primary site",
        "margin": "Surgical margin",
        "ihc.ALK": "ALK IHC",
        "ihc.desmin": "desmin",
        "symptoms.fever": "Fever",
        "treatment.radiotherapy": "Radiotherapy",
        "diagnosis_date": "Date of diagnosis",
        "last_contact_date": "Last follow-up",
        "outcome": "Vital status",
        "courses.1.drug": "TKI",
        "courses.1.response": "Best response",
        "courses.2.drug": "TKI 2",
        "courses.2.response": "Best response 2",
    }
    assert found.dates == "DD/MM/YYYY"
    assert found.columns.sex is not None
    assert dict(found.columns.sex.codes) == {"F": "female"}
    (tmp_path / "t.mapping.yaml").write_text(draft_mapping(tmp_path / "t.csv").text, encoding="utf-8")
    (patient,) = read_patient_table(tmp_path / "t.mapping.yaml").patients
    assert (patient.sex, patient.markers, patient.outcome) == ("female", ("positive", "negative"), "alive")


def test_codes_without_letters_stand_as_comments_with_their_counts(tmp_path: Path) -> None:
    text = draft(tmp_path, "id,sex,ALK,fever", "a,1,1,1", "b,2,-,0", "c,1,+,y", "d,F,?,x").text
    found, problems = mapping_of(text)
    assert problems == ()
    assert found is not None
    assert found.columns.sex is not None
    assert dict(found.columns.sex.codes) == {"F": "female"}
    assert dict(found.columns.ihc["ALK"].codes) == {}
    assert found.missing == ("?",)
    assert '#      "1":   # 2 rows; one of female, male\n#      "2":   # 1 row; one of female, male\n' in text
    assert '#        "-":   # 1 row; one of positive, negative' in text
    filled = text.replace('#      "1":', '      "1": male').replace('#      "2":', '      "2": female')
    again, problems = mapping_of(filled)
    assert problems == ()
    assert again is not None
    assert again.columns.sex is not None
    assert dict(again.columns.sex.codes) == {"F": "female", "1": "male", "2": "female"}


def test_what_identifies_is_dropped_and_never_shown(tmp_path: Path) -> None:
    found = draft(tmp_path, "id,Patient name,DOB,sex", "a,Jane Doe,01/01/1980,F")
    assert 'drop: ["Patient name", "DOB"]' in found.text
    assert not {"Jane", "1980"} & set(found.text.replace('"', " ").split())


@pytest.mark.parametrize(
    ("days", "line"),
    [
        (["31/01/2010", "01/02/2010"], "dates: DD/MM/YYYY"),
        (["01/31/2010", "NA"], "dates: MM/DD/YYYY"),
        (["2010-01-02"], "dates: YYYY-MM-DD"),
        (["01/02/2010"], "#dates: DD/MM/YYYY or MM/DD/YYYY"),
        (["01/31/2010", "31/01/2010"], "#dates: DD/MM/YYYY   # no one order"),
        (["40210"], "#excel_dates: 1900   # some dates are numbers"),
    ],
)
def test_the_order_of_days_is_written_if_only_one_fits(days: list[str], line: str, tmp_path: Path) -> None:
    text = draft(tmp_path, "id,Diagnosis date", *(f"p{k},{day}" for k, day in enumerate(days))).text
    assert any(each.startswith(line) for each in text.splitlines())


def test_a_length_of_follow_up_without_a_unit_is_not_read(tmp_path: Path) -> None:
    assert drafted(tmp_path, "id,OS months", "a,3").time_unit == "months"
    assert drafted(tmp_path, "id,follow-up days", "a,3").time_unit == "days"
    text = draft(tmp_path, "id,follow-up", "a,3").text
    assert (
        '#  followup: "follow-up"   # its unit is not said: then also time_unit: days, weeks, months or years' in text
    )


def test_dates_go_before_a_length_and_need_a_start(tmp_path: Path) -> None:
    both = drafted(tmp_path, "id,dx,months,last contact", "a,2010-01-01,3,2011-01-01")
    assert set(headings(both)) == {"id", "diagnosis_date", "last_contact_date"}
    alone = draft(tmp_path, "id,last contact", "a,2011-01-01").text
    assert '#  last_contact_date: "last contact"   # needs diagnosis_date' in alone


def test_a_diagnosis_is_a_date_if_it_holds_days(tmp_path: Path) -> None:
    assert "diagnosis_date" in headings(drafted(tmp_path, "id,Diagnosis", "a,2010-01-01"))
    assert '# not recognised: "Diagnosis" (1 different value)' in draft(tmp_path, "id,Diagnosis", "a,IMT").text


def test_a_decimal_comma_is_written(tmp_path: Path) -> None:
    assert drafted(tmp_path, "id;age", "a;43,5", "b;12").decimal_comma
    assert not drafted(tmp_path, "id;age", "a;43.5", "b;12,5").decimal_comma


def test_without_an_id_the_columns_that_could_be_one_are_named(tmp_path: Path) -> None:
    text = draft(tmp_path, "Pseudo,sex", "x1,F", "x2,F").text
    assert '#  id:   # the heading of the study numbers; needed; all values differ in "Pseudo"' in text
    _, problems = mapping_of(text)
    assert "has no 'id'" in problems[0].message


def test_a_sheet_a_title_and_real_dates(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book["Sheet"].sheet_state = "hidden"
    sheet = book.create_sheet("Data")
    for row in (["Our table"], ["id", "Diagnosis", "Status"], ["a", dt.date(2010, 1, 1), "dead"], ["Total", None, 1]):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    found = draft_mapping(tmp_path / "t.xlsx")
    assert 'sheet: "Data"' in found.text
    assert "dates:" not in found.text
    assert '"1"' not in found.text  # a code of the row that sums up
    assert found.notes[1] == "the heading is row 2; above it, row 1 is not read"


def test_the_example_of_a_cohort_needs_two_codes_only() -> None:
    text = draft_mapping(ROOT / "examples" / "cohort" / "patients.csv").text
    open_ones = [line for line in text.splitlines() if line.startswith("#  ") and "rows; one of" in line]
    assert [line.split(":")[0].strip("# ") for line in open_ones] == ['"Head/neck"', '"Limbs/trunk"']


WORDS = st.sampled_from(
    [
        *("id", "Age", "sex", "Site", "ALK", "Fever", "Diagnosis", "last contact", "months", "Status", "TKI"),
        *("Response", "DOB", "Note"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        ["", "1", "F", "y", "pos", "lung", "31/01/2010", "40210", "43,5", "unknown", "?", "a: b", "# x", "'", '"']
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6),
)


@given(data=st.data(), names=st.lists(st.one_of(WORDS, VALUES), min_size=1, max_size=8))
def test_any_draft_is_a_mapping_that_its_table_can_be_read_by(
    data: st.DataObject, names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = data.draw(st.lists(st.lists(VALUES, min_size=len(names), max_size=len(names)), max_size=5))
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [["id", *names], *(["p", *row] for row in rows)]
    )
    path = tmp_path_factory.mktemp("t") / "t.csv"
    if "\x00" in text.getvalue():
        return
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    found = draft_mapping(path)
    mapping, problems = mapping_of(found.text)
    twice = sum(" ".join(name.split()).casefold() == "id" for name in names)
    if twice:
        return
    assert problems == ()
    assert mapping is not None
    (path.parent / "t.mapping.yaml").write_text(found.text, encoding="utf-8")
    read = read_patient_table(path.parent / "t.mapping.yaml")
    assert not [problem for problem in read.problems if problem.rule in {"patient-column", "identifying-column"}]
