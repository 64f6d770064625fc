"""Patient tables: each row is kept or rejected with its reason. Everybody in them is made up."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.cohort_mapping import CohortMapping
from metaimt.casefiles.patient_table import PatientTable, is_identifying, read_patient_table
from metaimt.casefiles.table_cells import Reader, in_order
from metaimt.casefiles.tables import TableProblems, WrongCell, cell_name
from metaimt.vocabulary import built_in

MAPPING = """# Made up.
%s
columns:
  id: No
  age: Age
  sex: {column: Sex, codes: {F: female, M: male}}
  site: Site
  ihc: {ALK: {column: ALK, codes: {"1": positive, "0": negative}}}
  diagnosis_date: Dx
  last_contact_date: Last
  death_date: Death
  outcome: {column: Status, codes: {lost: lost_to_followup}}
  courses: [{drug: Drug, response: Response, response_basis: Basis}]
"""
HEADING = "No,Age,Sex,Site,ALK,Dx,Last,Death,Status,Drug,Response,Basis"
GOOD = "P1,34,F,lung,1,01/02/2010,01/02/2015,,alive,crizotinib,PR,stated"


def read(folder: Path, *rows: str, heading: str = HEADING, more: str = "dates: DD/MM/YYYY") -> PatientTable:
    content = "\n".join([heading, *rows]) + "\n"
    return read_bytes(folder, content.encode(), more)


def read_bytes(folder: Path, content: bytes, more: str = "dates: DD/MM/YYYY") -> PatientTable:
    (folder / "t.csv").write_bytes(content)
    return read_mapping(folder, MAPPING % more, "t.csv")


def read_mapping(folder: Path, mapping: str, table: str) -> PatientTable:
    (folder / "t.mapping.yaml").write_text(mapping, encoding="utf-8")
    return read_patient_table(folder / "t.mapping.yaml", folder / table)


def workbook(folder: Path, rows: list[list[Any]], *, epoch: dt.datetime | None = None) -> None:
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(folder / "t.xlsx")


def row(**cells: str) -> str:
    """The good row with some cells changed."""
    values = dict(zip(HEADING.split(","), GOOD.split(","), strict=True)) | cells
    return ",".join(values.values())


def reasons(table: PatientTable) -> list[str]:
    return [reason for rejected in table.rejected for reason in rejected.reasons]


def test_a_good_row(tmp_path: Path) -> None:
    (patient,) = read(tmp_path, GOOD).patients
    assert (patient.id, patient.age, patient.sex, patient.site, patient.markers) == (
        "P1",
        34,
        "female",
        "lung",
        ("positive",),
    )
    assert patient.months == pytest.approx((dt.date(2015, 2, 1) - dt.date(2010, 2, 1)).days / (365.25 / 12))
    assert (patient.outcome, patient.no_time) == ("alive", "")
    assert patient.treated is not None
    assert patient.treated.courses[0].response == "PR"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (
            {"Death": "01/02/2009", "Status": "dead", "Last": ""},
            "H2 Death: death 2009-02-01 is before diagnosis 2010-02-01",
        ),
        ({"Last": "31/01/2010"}, "G2 Last: last contact 2010-01-31 is before diagnosis 2010-02-01"),
        ({"Death": "01/02/2014", "Status": "dead"}, "G2 Last: contact 2015-02-01 after death 2014-02-01"),
        ({"Death": "01/02/2015"}, "H2 Death: a date of death, and the outcome is alive"),
        ({"Dx": "01/02/1815"}, "F2 Dx: 1815-02-01 is 200 years before 2015-02-01"),
        ({"Dx": "31/02/2010"}, "F2 Dx: '31/02/2010' is not a date as DD/MM/YYYY"),
        ({"Dx": "12/31/2010"}, "F2 Dx: '12/31/2010' is not a date as DD/MM/YYYY"),
        ({"Dx": "2010-02-01"}, "F2 Dx: '2010-02-01' is not a date as DD/MM/YYYY"),
        ({"Dx": "01/02/10"}, "F2 Dx: '01/02/10' is not a date as DD/MM/YYYY"),
        ({"Dx": "40210"}, "F2 Dx: 40210 is a number, not a date"),
        ({"Age": "-3"}, "B2 Age: -3 years is not between 0 and 115"),
        ({"Age": "408"}, "B2 Age: 408 years is not between 0 and 115"),
        ({"Age": "34y"}, "B2 Age: '34y' is not a number"),
        ({"Age": "1e99"}, "B2 Age: 1e+99 years is not between 0 and 115"),
        ({"Age": "nan"}, "B2 Age: 'nan' is not a number"),
        ({"Sex": "w"}, "C2 Sex: 'w' is not one of female, male"),
        ({"ALK": "2"}, "E2 ALK: '2' is not one of positive, negative"),
        ({"Status": "gone"}, "I2 Status: 'gone' is not one of alive, dead, lost_to_followup"),
        ({"No": ""}, "A2 No: no id"),
        ({"No": "Jane Doe"}, "A2 No: not an id"),
        ({"No": "=1+1"}, "A2 No: not an id"),
        ({"Drug": "Xalkori"}, "J2 Drug: 'Xalkori' is not in the vocabulary"),
        ({"Response": "Partial"}, "K2 Response: 'Partial' is not one of CR, PR, SD, PD, NE"),
        ({"Drug": ""}, "K2 Response: 'PR', but no drug"),
    ],
)
def test_a_bad_row_is_rejected_with_row_and_column(cells: dict[str, str], reason: str, tmp_path: Path) -> None:
    table = read(tmp_path, row(**cells), row(No="P2"))
    assert reasons(table) == [reason]
    assert [patient.id for patient in table.patients] == ["P2"]
    (problem,) = table.problems
    assert (problem.file, problem.position.line) == ((tmp_path / "t.csv").as_posix(), 2)
    assert cell_name(2, problem.position.column) == reason.split(maxsplit=1)[0]


def test_every_mistake_of_a_row_is_told(tmp_path: Path) -> None:
    table = read(tmp_path, row(Age="x", Sex="w", Dx="never"))
    assert len(table.problems) == 3
    assert [len(rejected.reasons) for rejected in table.rejected] == [3]


def test_what_looks_like_a_name_is_not_shown(tmp_path: Path) -> None:
    table = read(tmp_path, row(No="Jane Doe"))
    assert table.rejected[0].id == ""
    assert "Jane" not in str(table)


def test_a_day_that_could_be_two_is_read_as_declared(tmp_path: Path) -> None:
    days = {}
    for order in ("DD/MM/YYYY", "MM/DD/YYYY"):
        (patient,) = read(tmp_path, row(Dx="03/05/2014"), more=f"dates: {order}").patients
        days[order] = patient.months
    day_first, month_first = days["DD/MM/YYYY"], days["MM/DD/YYYY"]
    assert day_first is not None
    assert month_first is not None
    # 3 May 2014 to 1 February 2015, and 5 March 2014 to 2 January 2015
    assert round((month_first - day_first) * 365.25 / 12) == 303 - 274


def test_dates_without_a_declared_order_are_refused(tmp_path: Path) -> None:
    table = read(tmp_path, GOOD, more="title: Made up")
    assert reasons(table) == [
        f"{cell}: '{day}': the mapping does not say how dates are written"
        for cell, day in (("F2 Dx", "01/02/2010"), ("G2 Last", "01/02/2015"))
    ]


@pytest.mark.parametrize(("system", "serial"), [(1900, "40210"), (1904, "38748")])
def test_excel_serial_dates_in_both_systems(system: int, serial: str, tmp_path: Path) -> None:
    more = f"dates: DD/MM/YYYY\nexcel_dates: {system}"
    (patient,) = read(tmp_path, row(Dx=serial), more=more).patients
    assert patient.months == read(tmp_path, GOOD).patients[0].months


def test_the_29_february_1900_that_never_was(tmp_path: Path) -> None:
    reader = Reader(CohortMapping.model_validate({"columns": {"id": "x"}, "excel_dates": 1900}), built_in())
    assert reader.day(61) == dt.date(1900, 3, 1)
    for serial in (0, 59, 60, 1e9, -1):
        with pytest.raises(WrongCell, match="is no date"):
            reader.day(serial)


def test_hint_for_a_bare_number_names_both_days(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, row(Dx="40210")).problems
    assert "2010-02-01 (1900) or 2014-02-02 (1904)" in problem.hint


def test_repeated_ids(tmp_path: Path) -> None:
    table = read(tmp_path, GOOD, row(No="P2"), row(Age="35"), row(No="P2"), row(No="P3", Sex="w"), row(No="P3"))
    assert [patient.id for patient in table.patients] == ["P2"]
    assert [(rejected.row, rejected.reasons[0]) for rejected in table.rejected] == [
        (2, "id 'P1' is also in row 4"),
        (4, "id 'P1' is also in row 2"),
        (6, "C6 Sex: 'w' is not one of female, male"),
        (7, "id 'P3' is also in row 6"),
    ]
    assert table.repeated == 1
    assert table.rows == 6 == len(table.patients) + len(table.rejected) + table.repeated


def test_empty_rows_are_counted_and_those_at_the_end_are_nobody(tmp_path: Path) -> None:
    table = read(tmp_path, GOOD, "", ",,,,,,,,,,,", row(No="P2"), "", " , ,,,,,,,,,,")
    assert (table.rows, table.empty, len(table.patients)) == (2, 2, 2)
    assert table.patients[1].row == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_byte_order_mark_and_semicolons(encoding: str, tmp_path: Path) -> None:
    text = "\n".join([HEADING, row(Age="34,5".replace(",", "."))]).replace(",", ";").replace("34.5", "34,5")
    table = read_bytes(tmp_path, text.encode(encoding), "dates: DD/MM/YYYY\ndecimal_comma: true")
    assert [patient.age for patient in table.patients] == [34.5]
    table = read_bytes(tmp_path, text.encode(encoding))
    assert "add decimal_comma: true" in table.problems[0].hint


@pytest.mark.parametrize("start", ["sep=;\n", '"sep=;"\r\n', "\n\n", "sep=;\n\n"])
def test_excel_s_line_that_names_the_delimiter(start: str, tmp_path: Path) -> None:
    text = start + "\n".join([HEADING, GOOD]).replace(",", ";")
    (patient,) = read_bytes(tmp_path, text.encode()).patients
    assert patient.row == start.count("\n") + 2


def test_another_encoding_is_declared(tmp_path: Path) -> None:
    content = "\n".join([HEADING.replace("Site", "部位"), GOOD]).encode("gb18030")
    mapping = (MAPPING % "dates: DD/MM/YYYY").replace("site: Site", "site: 部位")
    (tmp_path / "t.csv").write_bytes(content)
    table = read_mapping(tmp_path, mapping, "t.csv")
    assert (table.readable, table.problems[0].rule) == (False, "patient-table")
    assert "encoding: gb18030" in table.problems[0].hint
    assert len(read_mapping(tmp_path, f"encoding: gb18030\n{mapping}", "t.csv").patients) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the table is empty"),
        (b"\n\n", "the table is empty"),
        (HEADING.encode(), "there is a heading but no patient"),
        (f'{HEADING}\n"P1,34\n'.encode(), "not a CSV"),
        (f"{HEADING}\nP1\x00,34\n".encode(), "not a CSV: a NUL character"),
        (b"PK\x03\x04rest", "the file is a workbook"),
        (b"\xd0\xcf\x11\xe0rest", "the file is an old or password-protected Excel file"),
        (HEADING.encode("utf-16-le"), "not a CSV: a NUL character"),
        (b"\xff\xfeN", "is not utf-16"),
        (b"a" * (1 << 21), "not a CSV: a line of"),
    ],
)
def test_what_is_no_table(content: bytes, message: str, tmp_path: Path) -> None:
    table = read_bytes(tmp_path, content)
    assert not table.readable
    assert table.problems[0].rule == "patient-table"
    assert message in table.problems[0].message


def test_a_row_with_too_many_cells_is_not_cut_off(tmp_path: Path) -> None:
    assert reasons(read(tmp_path, f"{GOOD},x")) == ["the row has 13 cells, the heading 12"]
    assert reasons(read(tmp_path, f"{GOOD},,")) == []


def test_a_short_row_lacks_what_is_missing(tmp_path: Path) -> None:
    (patient,) = read(tmp_path, "P1,34,F").patients
    assert (patient.site, patient.no_time, patient.treated) == (None, "outcome not stated", None)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"Status": ""}, "outcome not stated"),
        ({"Last": ""}, "time not stated"),
        ({"Dx": ""}, "time not stated"),
        ({"Status": "dead"}, "time not stated"),  # the day of death is a column of its own, and empty
        ({"Status": "dead", "Death": "01/02/2015"}, ""),
        ({"Status": "", "Death": "01/02/2015"}, ""),  # a date of death says the outcome
    ],
)
def test_why_a_patient_is_not_in_survival(cells: dict[str, str], why: str, tmp_path: Path) -> None:
    (patient,) = read(tmp_path, row(**cells)).patients
    assert patient.no_time == why


def test_headings(tmp_path: Path) -> None:
    missing = read(tmp_path, GOOD, heading=HEADING.replace("Sex", "Sexx"))
    assert [(p.rule, p.hint) for p in missing.problems] == [("patient-column", "did you mean 'Sexx'?")]
    in_capitals = read(tmp_path, GOOD, heading=HEADING.replace("Sex", " SEX "))
    assert [patient.sex for patient in in_capitals.patients] == ["female"]
    both = read(tmp_path, f"{GOOD},M", heading=f"{HEADING},sex")  # the one that is written as in the mapping
    assert [patient.sex for patient in both.patients] == ["female"]
    neither = read(tmp_path, f"{GOOD},M", heading=f"{HEADING.replace('Sex', 'SEX')},sex")
    assert neither.problems[0].message == "there are 2 columns 'Sex'"
    twice = read(tmp_path, f"{GOOD},x", heading=f"{HEADING},Age")
    assert (twice.problems[0].message, twice.problems[0].position.column) == ("there are 2 columns 'Age'", 13)
    unused = read(tmp_path, f"{GOOD},x", heading=f"{HEADING},Remarks")
    assert (unused.not_used, unused.problems) == (("Remarks",), ())
    gone = read(tmp_path, GOOD, more="dates: DD/MM/YYYY\ndrop: [Name]")
    assert gone.problems[0].message == "drop names a column 'Name' that is not there"
    both = read(tmp_path, GOOD, more="dates: DD/MM/YYYY\ndrop: [Age]")
    assert both.problems[0].message == "column 'Age' is dropped and mapped (age)"


def test_identifying_columns_are_refused_and_dropped_ones_never_read(tmp_path: Path) -> None:
    heading, people = f"{HEADING},Patient Name,DOB", f"{GOOD},Jane Doe,01/01/1980"
    refused = read(tmp_path, people, heading=heading)
    assert [problem.rule for problem in refused.problems] == ["identifying-column"] * 2
    assert 'drop: ["Patient Name"]' in refused.problems[0].hint
    assert not refused.readable
    read_anyway = read(tmp_path, people, heading=heading, more="dates: DD/MM/YYYY\ndrop: [Patient Name, DOB]")
    assert len(read_anyway.patients) == 1
    assert read_anyway.not_used == ()
    for table in (refused, read_anyway):
        assert "Jane" not in str(table)
        assert "1980" not in str(table)


@pytest.mark.parametrize(
    "heading",
    [
        *("Name", "PatientName", "patient_name", "D.O.B.", "DateOfBirth", "Date of Birth", "MRN", "NHS number"),
        *("E-mail", "Telephone no", "Vorname", "Geburtsdatum", "姓名", "身份证号"),
        *("Hospital No.", "Zip code", "surname"),
    ],
)
def test_identifying(heading: str) -> None:
    assert is_identifying(heading)


@pytest.mark.parametrize(
    "heading",
    [
        *("Study no", "Age", "Age at diagnosis", "Drug name", "Site", "Date of diagnosis", "Date of death", "Status"),
        *("ALK", "Radiotherapy", "Histology", "Gene name", "Number at risk", "Births"),
    ],
)
def test_not_identifying(heading: str) -> None:
    assert not is_identifying(heading)


def test_months_instead_of_dates_and_days(tmp_path: Path) -> None:
    mapping = "time_unit: %s\ncolumns: {id: No, followup: T, outcome: S}\n"
    (tmp_path / "t.csv").write_text("No,T,S\nP1,365.25,dead\nP2,-1,alive\nP3,99999,alive\nP4,,alive\n")
    days = read_mapping(tmp_path, mapping % "days", "t.csv")
    assert [patient.months for patient in days.patients] == [pytest.approx(12), None]
    assert reasons(days)[0].startswith("B3 T: -0.0328542 months is not between 0 and")
    assert len(days.rejected) == 2


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("columns: {id: No, followup: T, last_contact_date: L}", "both followup and dates"),
        ("columns: {id: No, last_contact_date: L}", "dates without diagnosis_date"),
        ("dates: DMY\ncolumns: {id: No}", "does not say how dates are written"),
        ("dates: DD/DD/YYYY\ncolumns: {id: No}", "does not say how dates are written"),
        ("excel_dates: 1905\ncolumns: {id: No}", "not a date system"),
        ("time_unit: moons\ncolumns: {id: No}", "is not one of days, weeks, months, years"),
        ("delimiter: x\ncolumns: {id: No}", "is no delimiter"),
        ('data_cut: "2024-02-31"\ncolumns: {id: No}', "'2024-02-31' is not a day"),
        ('data_cut: "2024-02"\ncolumns: {id: No}', "'2024-02' is not a day"),
        ("columns: {id: No}\ngroups: {age: {old: [R0]}}", "groups: 'age' is not one of sex, site, margin"),
        ("columns: {id: No}\ngroups: {margin: {clear: [R3]}}", "groups: 'R3' is not a margin"),
        ("columns: {id: No}\ngroups: {margin: {a: [R0], b: [R0]}}", "'R0' is in two groups of margin"),
        ("encoding: klingon\ncolumns: {id: No}", "is not one of utf-8"),
        ("columns: {age: Age}", "has no 'id'"),
        ("columns: {id: No, gender: Sex}", "has no field 'gender'"),
        ("columns: {id: No, sex: {column: Sex, codes: {W: femal}}}", "'femal' is not one of female, male"),
        ("", "the file is empty"),
    ],
)
def test_mistakes_in_the_mapping(mapping: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("No\nP1\n")
    table = read_mapping(tmp_path, mapping, "t.csv")
    assert not table.readable
    assert message in table.problems[0].message
    assert table.problems[0].file.endswith("t.mapping.yaml")


def test_the_mapping_names_a_table_beside_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "m.mapping.yaml"
    for table, message in (("../t.csv", "is not beside"), ("/etc/passwd", "is not beside"), ("none.csv", "cannot be")):
        path.write_text(f"table: {table}\ncolumns: {{id: No}}\n")
        assert message in read_patient_table(path).problems[0].message
    path.write_text("columns: {id: No}\n")
    assert "names no table" in read_patient_table(path).problems[0].message


XLSX_ROW: list[Any] = ["P1", 34, "F", "lung", 1, dt.datetime(2010, 2, 1), dt.date(2015, 2, 1), None, "alive"]


@pytest.mark.parametrize("epoch", [dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)])
def test_a_workbook_with_real_dates_in_either_system(epoch: dt.datetime, tmp_path: Path) -> None:
    workbook(tmp_path, [HEADING.split(","), XLSX_ROW, [], [2, 34.5, *XLSX_ROW[2:]], []], epoch=epoch)
    table = read_mapping(tmp_path, MAPPING % "title: Made up", "t.xlsx")
    assert [(patient.id, patient.row) for patient in table.patients] == [("P1", 2), ("2", 4)]
    assert table.patients[0].months == read(tmp_path, GOOD).patients[0].months
    assert (table.empty, table.patients[0].markers) == (1, ("positive",))


def test_the_date_system_of_a_workbook_is_not_overruled(tmp_path: Path) -> None:
    workbook(tmp_path, [HEADING.split(","), XLSX_ROW])
    table = read_mapping(tmp_path, MAPPING % "excel_dates: 1904", "t.xlsx")
    assert table.problems[0].message == "the workbook counts its dates from 1900"


def test_formulas_have_a_saved_value_or_are_told(tmp_path: Path) -> None:
    workbook(tmp_path, [HEADING.split(","), [XLSX_ROW[0], "=30+4", *XLSX_ROW[2:]]])
    table = read_mapping(tmp_path, MAPPING % "title: Made up", "t.xlsx")
    assert reasons(table) == ["B2 Age: the formula has no saved value"]


def test_sheets_and_what_is_no_workbook(tmp_path: Path) -> None:
    workbook(tmp_path, [HEADING.split(","), XLSX_ROW])
    assert "the sheets are Sheet" in read_mapping(tmp_path, MAPPING % "sheet: Data", "t.xlsx").problems[0].hint
    assert len(read_mapping(tmp_path, MAPPING % "sheet: Sheet", "t.xlsx").patients) == 1
    (tmp_path / "t.xlsx").write_bytes(b"not a workbook")
    assert read_mapping(tmp_path, MAPPING % "", "t.xlsx").problems[0].message == "not an XLSX workbook"
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("hello.txt", "x")
    assert "damaged" in read_mapping(tmp_path, MAPPING % "", "t.xlsx").problems[0].message


def test_a_merged_cell_in_a_mapped_column_stops_the_reading(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["No", "Sex", "Remark"], ["P1", "female", "x"], ["P2", None, None]):
        sheet.append(cells)
    sheet.merge_cells("C2:C3")
    book.save(tmp_path / "t.xlsx")
    mapping = "columns: {id: No, sex: Sex}\n"
    assert len(read_mapping(tmp_path, mapping, "t.xlsx").patients) == 2  # of a column that is not read
    sheet.merge_cells("B2:B3")
    book.save(tmp_path / "t.xlsx")
    (problem,) = read_mapping(tmp_path, mapping, "t.xlsx").problems
    assert problem.message == "the cells B2:B3 are merged, and only B2 holds their value"
    assert (problem.position.line, problem.position.column) == (2, 2)


def test_the_first_visible_sheet_is_read_and_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    hidden, shown = book["Sheet"], book.create_sheet("Patients")
    hidden.sheet_state = "hidden"
    for sheet, names in ((hidden, ["No", "H1"]), (shown, ["No", "P1", "Jane Doe"])):
        for name in names:
            sheet.append([name])
    book.save(tmp_path / "t.xlsx")
    table = read_mapping(tmp_path, "columns: {id: No}\n", "t.xlsx")
    assert [patient.id for patient in table.patients] == ["P1"]
    assert table.notes == ("sheet 'Patients' is read; not read: Sheet (hidden)",)
    assert reasons(table) == ["Patients!A3 No: not an id"]


def test_problems_are_kept_up_to_a_limit_and_all_counted(tmp_path: Path) -> None:
    number = TableProblems.MOST_KEPT + 20
    table = read(tmp_path, *(row(No=f"P{k}", Sex=f"w{k}") for k in range(number)))
    assert len(table.rejected) == number
    assert len(table.problems) == TableProblems.MOST_KEPT + 1
    assert any(problem.message.startswith("20 more problems") for problem in table.problems)


def test_many_cells_with_one_fault_are_told_once(tmp_path: Path) -> None:
    """Thirty rows with a decimal comma in two columns: two messages, each with what to do."""
    rows = "\n".join(f"S{k};{k},5;{k},5" for k in range(1, 31))
    (tmp_path / "t.csv").write_text(f"No;Age;T\n{rows}\n")
    mapping = "columns: {id: No, age: Age, followup: T}\n"
    table = read_mapping(tmp_path, mapping, "t.csv")
    assert [(problem.message, problem.position.line, problem.position.column) for problem in table.problems] == [
        ("B2 Age: '1,5' is not a number; the same in 29 more rows (B3, B4 ...)", 2, 2),
        ("C2 T: '1,5' is not a number; the same in 29 more rows (C3, C4 ...)", 2, 3),
    ]
    assert all("decimal_comma: true" in problem.hint for problem in table.problems)
    assert len(read_mapping(tmp_path, f"decimal_comma: true\n{mapping}", "t.csv").patients) == 30


def test_faults_that_differ_are_told_apart(tmp_path: Path) -> None:
    table = read(tmp_path, *(row(No=f"P{k}", Sex="wx"[k % 2], Age="34y" if k == 7 else "34") for k in range(10)))
    assert [problem.message.partition(": ")[2][:3] for problem in table.problems] == ["'w'", "'x'", "'34"]


@pytest.mark.parametrize(
    "name", ["Total", "TOTAL:", "Mean (SD)", "Sum", "Subtotal", "Grand total", "Median [range]", "合计"]
)
def test_a_row_that_sums_up_is_no_patient(name: str, tmp_path: Path) -> None:
    for cells in (f"{name},,,,,,,,,,,", f",{name},,,,,,,,,,"):
        table = read(tmp_path, GOOD, cells)
        assert len(table.patients) == 1
        (problem,) = table.problems
        assert (problem.rule, problem.position.line) == ("summary-row", 3)
        assert name in problem.message


@pytest.mark.parametrize("name", ["Totaro", "Mean1", "Sum-2", "P-total"])
def test_a_study_number_like_such_a_word_is_one(name: str, tmp_path: Path) -> None:
    assert [patient.id for patient in read(tmp_path, row(No=name)).patients] == [name]


def test_days_to_come_and_after_the_reading_are_refused(tmp_path: Path) -> None:
    next_year = dt.date.today().replace(day=1).replace(year=dt.date.today().year + 1)
    future = read(tmp_path, row(Last=f"{next_year:%d/%m/%Y}"), row(No="P2"))
    assert reasons(future) == [f"G2 Last: {next_year} is in the future: today is {dt.date.today()}"]
    assert future.problems[0].rule == "patient-times"
    table = read_patient_table(tmp_path / "t.mapping.yaml", tmp_path / "t.csv", read_on="2015-01-31")
    assert reasons(table)[1] == "G3 Last: 2015-02-01 is after the day of reading 2015-01-31"
    assert (
        read_patient_table(tmp_path / "t.mapping.yaml", tmp_path / "t.csv", read_on="2015-01").rejected
        == future.rejected
    )


def test_words_are_read_in_any_case(tmp_path: Path) -> None:
    cells = {
        "Sex": "FEMALE",
        "Site": "Lung",
        "Status": "Lost",
        "Drug": "Crizotinib",
        "Response": "pr",
        "Basis": "Stated",
    }
    (patient,) = read(tmp_path, row(**cells), row(No="P2", Sex="f")).patients[:1]
    assert (patient.sex, patient.site, patient.outcome) == ("female", "lung", "lost_to_followup")
    assert patient.treated is not None
    first = patient.treated.courses[0]
    assert (first.drug, first.response, first.response_basis) == ("crizotinib", "PR", "stated")


def test_codes_that_differ_by_case_alone_keep_their_meaning(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("No,S\nP1,m\nP2,M\n")
    mapping = "columns: {id: No, sex: {column: S, codes: {m: male, M: female}}}\n"
    assert [patient.sex for patient in read_mapping(tmp_path, mapping, "t.csv").patients] == ["male", "female"]


def test_ids_that_differ_by_case_alone_are_told(tmp_path: Path) -> None:
    table = read(tmp_path, GOOD, row(No="p1"), row(No="P2"))
    assert [patient.id for patient in table.patients] == ["P2"]
    assert table.problems[0].message == "id 'p1' is also in row 2, there as 'P1'"
    (problem,) = read(tmp_path, row(No="P1\u200b")).problems
    assert "invisible" in problem.hint


@given(st.dates(dt.date(1910, 1, 1), dt.date(2090, 1, 1)), st.sampled_from(["DD/MM/YYYY", "YYYY-MM-DD", "MM.DD.YYYY"]))
def test_a_date_comes_back_in_any_declared_order(day: dt.date, order: str) -> None:
    text = order.replace("YYYY", f"{day:%Y}").replace("MM", f"{day:%m}").replace("DD", f"{day:%d}")
    assert in_order(text, order) == day


@given(rows=st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=13), max_size=8))
def test_whatever_stands_in_the_cells_every_row_is_accounted_for(
    rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([HEADING.split(","), *rows])
    table = read_bytes(tmp_path_factory.mktemp("t"), text.getvalue().encode())
    if table.readable:
        filled = sum(any(cell.strip() for cell in cells) for cells in rows)
        assert table.rows == filled
