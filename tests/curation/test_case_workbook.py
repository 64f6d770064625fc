"""Case files to a workbook and back: nothing is lost, nothing is overwritten, and each fault is told at its cell.

All cases are made up, but for those of the frozen review.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import FROZEN, MakeReview, arm, course, patient, report
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner, Result

from metaimt.casefiles.library import read_library
from metaimt.casefiles.tables import WrongCell
from metaimt.cli.main import app
from metaimt.curation.case_sheet import ARMS, COURSES, WITHOUT, columns, from_cell, to_cell
from metaimt.curation.import_cases import read_cases
from metaimt.files import write_file
from metaimt.report.case_workbook import LISTS, case_workbook
from metaimt.vocabulary import built_in

HOSTILE = (
    "=HYPERLINK(0)",
    "+1",
    "-1+cmd|x",
    "@SUM(1)",
    "a; b",
    "[x]",
    "{x: 1}",
    "'=1",
    'say "x"',
    "# no",
    "true",
    "1.0",
)


def run(*words: object, folder: Path) -> Result:
    return CliRunner().invoke(app, [*map(str, words), "--cases", str(folder)])


def exported(folder: Path) -> Path:
    path = folder.parent / "cases.xlsx"
    done = run("export", path, "--force", folder=folder)
    assert done.exit_code == 0, done.output
    return path


def edited(path: Path, change: Callable[[Workbook], None]) -> Path:
    book = load_workbook(path)
    change(book)
    book.save(path)
    return path


def cell_of(book: Workbook, sheet: str, heading: str, row: int = 2) -> Any:
    at = [each.value for each in book[sheet][1]].index(heading) + 1
    return book[sheet].cell(row, at)


def test_every_report_comes_back_as_it_was(tmp_path: Path) -> None:
    """The frozen review: taken into an empty one, each report says the same but for the parts that no sheet holds."""
    before = read_library(FROZEN / "cases")
    empty = tmp_path / "empty"
    empty.mkdir()
    for name in ("review.yaml", "vocabulary.yaml"):
        if (FROZEN / "cases" / name).exists():
            shutil.copy(FROZEN / "cases" / name, empty)
    content, left = case_workbook(before)
    assert content == case_workbook(before)[0]
    (tmp_path / "cases.xlsx").write_bytes(content)
    assert run("import", tmp_path / "cases.xlsx", folder=empty).exit_code in {0, 1}  # 1: what validate says of them
    after = read_library(empty)
    said = {each.id: each.model_dump(exclude=set(WITHOUT)) for each in before.reports}
    assert {each.id: each.model_dump(exclude=set(WITHOUT)) for each in after.reports} == said
    assert {part for _, part in left} <= set(WITHOUT)


def test_what_is_as_in_the_review_is_not_written(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course())), report("two-2020", arms=[arm(1, 3)], design="trial"))
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    done = run("import", exported(folder), folder=folder)
    assert (done.exit_code, done.output) == (0, "2 reports as in the review\n")
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_the_text_it_is(make_review: MakeReview, text: str) -> None:
    one = report("one-2020", patient(course(response_as_stated=text, adverse_events=[text, "b"])))
    folder = make_review(one)
    path = exported(folder)
    book = load_workbook(path)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert cell_of(book, COURSES, "response_as_stated").quotePrefix
    (folder / "literature" / "one-2020.yaml").unlink()
    assert run("import", path, folder=folder).exit_code == 0
    assert yaml.safe_load((folder / "literature" / "one-2020.yaml").read_text())["patients"] == one["patients"]


def test_a_difference_is_told_and_taken_over_only_when_forced(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course("PR")), waivers=[{"rule": "read-by-one", "reason": "so"}]))
    file = folder / "literature" / "one-2020.yaml"
    file.write_text("# mine\n" + file.read_text() + "# the end\n", encoding="utf-8")
    before = file.read_text()

    def change(book: Workbook) -> None:
        cell_of(book, COURSES, "response").value = "SD"

    path = edited(exported(folder), change)
    done = run("import", path, folder=folder)
    assert file.read_text() == before
    assert "one-2020.yaml is there and differs; --force takes over the workbook" in done.output
    assert "patients/P1/courses/1/response: 'PR' in line " in done.output
    assert ", now 'SD' in Courses!" in done.output
    assert run("import", path, "--force", folder=folder).exit_code == 0
    after = file.read_text()
    assert yaml.safe_load(after)["patients"][0]["courses"][0]["response"] == "SD"
    assert yaml.safe_load(after)["waivers"] == [{"rule": "read-by-one", "reason": "so"}]
    assert after.startswith("# mine\n")
    assert after.endswith("# the end\n")


def test_a_column_that_was_deleted_says_nothing(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course("PR"), age=30)))

    def change(book: Workbook) -> None:
        sheet = book[COURSES]
        sheet.delete_cols(cell_of(book, COURSES, "age").column)

    done = run("import", edited(exported(folder), change), folder=folder)
    assert (done.exit_code, done.output) == (0, "1 report as in the review\n")


@pytest.mark.parametrize(
    ("sheet", "heading", "value", "told"),
    [
        (COURSES, "response", "partial", "response"),
        (COURSES, "age", "thirty", "age"),
        (COURSES, "drug", None, "drug"),
        (COURSES, "patient", None, "the row has no patient"),
        (COURSES, "id", None, "the row has no id"),
        (COURSES, "year", "n/a", "year"),
        (COURSES, "ihc", "{ALK: positive", "ihc"),
        (ARMS, "responders", 9, "responders"),
    ],
)
def test_a_fault_is_told_at_its_cell(
    make_review: MakeReview, sheet: str, heading: str, value: object, told: str
) -> None:
    folder = make_review(report("one-2020", patient(course())), report("two-2020", arms=[arm(1, 3)], design="trial"))
    place = []

    def change(book: Workbook) -> None:
        cell = cell_of(book, sheet, heading)
        cell.value = value
        place.append(cell.coordinate)

    path = edited(exported(folder), change)
    for each in ("one-2020", "two-2020"):
        (folder / "literature" / f"{each}.yaml").unlink()
    done = run("import", path, folder=folder)
    if heading == "responders":  # in form, and refused by validate, which the command runs at the end
        assert (done.exit_code, (folder / "literature" / "two-2020.yaml").exists()) == (1, True)
        assert "more responders than" in done.output or "responders" in done.output
        return
    assert done.exit_code == 1
    assert (folder / "literature" / "two-2020.yaml").exists() is (heading != "id"), (
        "a row of nobody may be of any report"
    )
    assert not (folder / "literature" / "one-2020.yaml").exists()
    assert told in done.output
    assert f"{sheet}!" in done.output
    kept = (folder.parent / "cases.not-imported.csv").read_text()
    assert kept.splitlines()[0] == "sheet,row,report,why"
    assert any(line.startswith(f"{sheet},2,") for line in kept.splitlines()[1:])
    if heading not in {"patient", "id", "drug"}:
        assert f"{sheet}!{place[0]}" in done.output


def test_a_wrong_heading_forbids_all_and_a_right_run_takes_the_list_away(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course())))
    path = exported(folder)
    (folder / "literature" / "one-2020.yaml").unlink()

    def wrong(book: Workbook) -> None:
        cell_of(book, COURSES, "response", 1).value = "respons"

    def right(book: Workbook) -> None:
        cell_of(book, COURSES, "respons", 1).value = "response"

    done = run("import", edited(path, wrong), folder=folder)
    assert done.exit_code == 1
    assert "'respons' is no column of the sheet; write response" in done.output
    assert not (folder / "literature" / "one-2020.yaml").exists()
    run("import", edited(path, right), folder=folder)
    assert (folder / "literature" / "one-2020.yaml").exists()
    assert not (folder.parent / "cases.not-imported.csv").exists()


def test_rows_of_one_report_must_agree(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course(), course("SD")), patient(course("PD"), id="P2")))

    def change(book: Workbook) -> None:
        cell_of(book, COURSES, "title", 3).value = "Another title"
        cell_of(book, COURSES, "sex", 4).value = "male"  # of another patient: no contradiction

    done = run("import", edited(exported(folder), change), folder=folder)
    assert done.exit_code == 1
    assert "title is not what Courses!B2 says" in done.output
    assert "sex" not in done.output


def test_shared_cells_may_be_empty_below_the_first_row(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course(), course("SD"), age=3)))

    def change(book: Workbook) -> None:
        for heading in ("title", "year", "design", "by", "age"):
            cell_of(book, COURSES, heading, 3).value = None

    done = run("import", edited(exported(folder), change), folder=folder)
    assert (done.exit_code, done.output) == (0, "1 report as in the review\n")


def test_a_publication_of_the_review_is_not_begun_twice(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course()), doi="10.1000/x"))

    def change(book: Workbook) -> None:
        cell_of(book, COURSES, "id").value = "other-2020"

    done = run("import", edited(exported(folder), change), folder=folder)
    assert done.exit_code == 1
    assert "10.1000/x is already in" in done.output
    assert not (folder / "literature" / "other-2020.yaml").exists()


def test_an_id_cannot_leave_the_folder(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course())))

    def change(book: Workbook) -> None:
        cell_of(book, COURSES, "id").value = "../../outside"

    before = sorted(folder.parent.rglob("*"))
    done = run("import", edited(exported(folder), change), folder=folder)
    assert done.exit_code == 1
    assert "outside.yaml" not in {path.name for path in folder.parent.parent.rglob("*")}
    assert {path.name for path in set(folder.parent.rglob("*")) - set(before)} <= {
        "cases.xlsx",
        "cases.not-imported.csv",
    }


def test_a_file_that_waits_still_waits(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course())))
    path = exported(folder)
    file = folder / "literature" / "one-2020.yaml"
    file.write_text("status: pending\nreason: to be read\nreport: {id: one-2020, design: case_report}\n")
    done = run("import", path, "--force", folder=folder)
    assert "one-2020.yaml still waits: delete its lines status and reason" in done.output
    data = yaml.safe_load(file.read_text())
    assert (data["status"], data["patients"][0]["courses"][0]["drug"]) == ("pending", "crizotinib")


def test_a_workbook_is_not_replaced_unasked(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course())))
    path = folder.parent / "cases.xlsx"
    path.write_bytes(b"mine")
    done = run("export", path, folder=folder)
    assert (done.exit_code, path.read_bytes()) == (2, b"mine")
    assert "add --force" in done.stderr


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"id,title\n"])
def test_what_is_no_workbook_is_told(make_review: MakeReview, tmp_path: Path, content: bytes) -> None:
    folder = make_review(report("one-2020", patient(course())))
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    assert run("import", path, folder=folder).exit_code == 1


def test_a_workbook_without_the_sheets_is_told(make_review: MakeReview, tmp_path: Path) -> None:
    folder = make_review(report("one-2020", patient(course())))
    Workbook().save(tmp_path / "x.xlsx")
    done = run("import", tmp_path / "x.xlsx", folder=folder)
    assert done.exit_code == 2
    assert "has no sheet Courses or Arms" in done.stderr


def test_drop_downs_hold_the_terms(make_review: MakeReview) -> None:
    book = load_workbook(exported(make_review(report("one-2020", patient(course())))))
    at = cell_of(book, COURSES, "response").column_letter
    rules = [rule for rule in book[COURSES].data_validations.dataValidation if str(rule.sqref).startswith(f"{at}2:")]
    assert [rule.type for rule in rules] == ["list"]
    sheet, _, place = rules[0].formula1.partition("!")
    assert sheet == LISTS
    assert book[LISTS].sheet_state == "hidden"
    terms = [cell.value for (cell,) in book[LISTS][place.replace("$", "")]]
    assert terms == list(built_in().terms("response"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age", 0.5),
        ("age", 30),
        ("ongoing", True),
        ("adverse_events", ["a", "b; c"]),
        ("adverse_events", ["[a"]),
        ("ihc", {"ALK": "positive", "ROS1": "negative"}),
        ("adjudicated", [{"field": "response", "chosen": "PD", "by": "X , Y", "why": "a, b"}]),
        ("mutations", [{"gene": "BRAF", "change": "V600E"}]),
        ("drug", ["dabrafenib", "trametinib"]),
        ("sizes", [8.7, 7.5]),
        ("duration_months", [3, 5]),
        ("dose", "250 mg"),
        ("title", "=1+1"),
    ],
)
def test_a_value_becomes_a_cell_and_is_read_back(name: str, value: Any) -> None:
    column = next(each for each in columns(built_in())[COURSES] if each.name == name)
    assert from_cell(to_cell(value, column), column) == value


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("ihc", "ALK: positive; ROS1: negative", {"ALK": "positive", "ROS1": "negative"}),
        ("dose", 250, "250"),
        ("dose", 250.0, "250"),
        ("pmid", 12345678.0, "12345678"),
        ("year", 2020.0, 2020),
        ("ongoing", "true", True),
        ("adverse_events", "a;; b ;", ["a", "b"]),
        ("age", " ", None),
        ("age", None, None),
    ],
)
def test_a_cell_as_people_type_it(name: str, cell: Any, value: Any) -> None:
    column = next(each for each in columns(built_in())[COURSES] if each.name == name)
    assert from_cell(cell, column) == value


def test_a_formula_that_was_never_computed_is_no_value() -> None:
    column = next(each for each in columns(built_in())[COURSES] if each.name == "age")
    with pytest.raises(WrongCell, match="no saved value"):
        from_cell("\x00formula", column)


def test_reading_writes_nothing(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course())))
    path = exported(folder)
    (folder / "literature" / "one-2020.yaml").unlink()
    reading = read_cases(path, read_library(folder), "ALK")
    assert [(each.id, each.state) for each in reading.reports] == [("one-2020", "new")]
    assert not (folder / "literature" / "one-2020.yaml").exists()


def test_killed_between_two_files_each_is_whole_and_the_next_run_ends_it(
    make_review: MakeReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_review(*(report(f"{name}-2020", patient(course())) for name in ("a", "b", "c")))
    path = exported(folder)
    files = {each: each.read_bytes() for each in (folder / "literature").iterdir()}
    for each in files:
        each.unlink()
    written: list[Path] = []

    def write(target: Path, content: bytes) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(target)
        write_file(target, content)

    with monkeypatch.context() as patched:
        patched.setattr("metaimt.cli.export.write_file", write)
        run("import", path, folder=folder)
    assert sorted((folder / "literature").iterdir()) == sorted(written)
    done = run("import", path, folder=folder)
    assert "2 reports as in the review" in done.output
    assert {each.id for each in read_library(folder).reports} == {"a-2020", "b-2020", "c-2020"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_workbook_that_libreoffice_saved_says_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "cases"
    shutil.copytree(FROZEN / "cases", folder)
    path = exported(folder)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "saved"), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    done = run("import", tmp_path / "saved" / path.name, folder=folder)
    assert done.output == f"{len(read_library(folder).reports)} reports as in the review\n"


TWO_COURSES = (course("PR", dose="250 mg"), course("SD", drug="alectinib", dose="600 mg"))


def forced(folder: Path, change: Callable[[Workbook], None]) -> tuple[Result, bool]:
    """The import with --force of an edited workbook, and whether every case file is as it was."""
    path = edited(exported(folder), change)
    before = {each: each.read_bytes() for each in folder.rglob("*.yaml")}
    done = run("import", path, "--force", folder=folder)
    return done, {each: each.read_bytes() for each in folder.rglob("*.yaml")} == before


def row_without(heading: str, row: int) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book[COURSES].delete_rows(row)
        if heading:
            book[COURSES].delete_cols(cell_of(book, COURSES, heading, 1).column)

    return change


@pytest.mark.parametrize(
    ("heading", "row", "told"),
    [
        ("dose", 2, "course 2 of patient P1 of the file: in no row of the workbook"),
        ("", 3, "course 2 of patient P1 of the file: in no row of the workbook"),
        ("", 4, "patient P2 of the file: in no row of the workbook"),
    ],
)
def test_an_import_takes_nothing_away(make_review: MakeReview, heading: str, row: int, told: str) -> None:
    folder = make_review(report("one-2020", patient(*TWO_COURSES), patient(course("PD"), id="P2")))
    done, same = forced(folder, row_without(heading, row))
    assert (done.exit_code, same) == (1, True)
    assert told in done.output
    assert "an import takes nothing away" in done.output


def test_fields_of_a_deleted_column_do_not_move_to_another_course(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(*TWO_COURSES)))

    def change(book: Workbook) -> None:
        sheet = book[COURSES]
        sheet.delete_cols(cell_of(book, COURSES, "dose", 1).column)
        sheet.move_range(f"A2:{sheet.cell(2, sheet.max_column).coordinate}", rows=2)
        sheet.delete_rows(2)

    done, same = forced(folder, change)
    assert (done.exit_code, same) == (1, True)
    assert "course 1 of patient P1 is another than in the file, whose dose would be kept" in done.output


def bad_id(book: Workbook) -> None:
    cell_of(book, COURSES, "id", 3).value = "One-2020"


def sunk_heading(book: Workbook) -> None:
    sheet = book[COURSES]
    first, second = ([cell.value for cell in sheet[row]] for row in (1, 2))
    for at, (one, other) in enumerate(zip(first, second, strict=True), start=1):
        sheet.cell(1, at).value, sheet.cell(2, at).value = other, one


def renamed_sheet(book: Workbook) -> None:
    book.copy_worksheet(book[COURSES]).title = "Courses 2026"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (bad_id, "Courses!A3: "),
        (sunk_heading, "rows above the headings are not read"),
        (renamed_sheet, "the sheet 'Courses 2026' is not read"),
    ],
)
def test_where_nobody_can_say_what_is_whose_nothing_is_taken_over(
    make_review: MakeReview, change: Callable[[Workbook], None], told: str
) -> None:
    folder = make_review(report("one-2020", patient(*TWO_COURSES)))
    done, same = forced(folder, change)
    assert (done.exit_code, same) == (1, True)
    assert told in done.output


def test_a_column_deleted_from_one_sheet_alone_says_nothing_either(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course("PR")), doi="10.1000/x", arms=[arm(1, 3)]))

    def change(book: Workbook) -> None:
        book[COURSES].delete_cols(cell_of(book, COURSES, "doi", 1).column)
        cell_of(book, COURSES, "response").value = "SD"

    done, _ = forced(folder, change)
    assert done.exit_code == 0
    data = yaml.safe_load((folder / "literature" / "one-2020.yaml").read_text())
    assert (data["report"]["doi"], data["patients"][0]["courses"][0]["response"]) == ("10.1000/x", "SD")


@pytest.mark.parametrize("held", ["patients:", "patients: x", "patients: [{age: 3}]", "patients: [{id: P1}]", "arms:"])
def test_a_file_that_is_half_filled_in_is_no_reason_to_break_down(make_review: MakeReview, held: str) -> None:
    folder = make_review(report("one-2020", patient(course("PR"))))
    path = exported(folder)
    file = folder / "literature" / "one-2020.yaml"
    file.write_text(f"status: pending\nreason: to be read\nreport: {{id: one-2020, design: case_report}}\n{held}\n")
    done = run("import", path, "--force", folder=folder)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception


def test_the_error_of_a_formula_is_no_text(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course("PR"))))

    def change(book: Workbook) -> None:
        cell_of(book, COURSES, "response_as_stated").value = "#REF!"

    done, same = forced(folder, change)
    assert (done.exit_code, same) == (1, True)
    assert "#REF! is the error of a formula" in done.output


def test_a_comment_stays_with_the_section_below_it(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course("PR")), waivers=[{"rule": "read-by-one", "reason": "so"}]))
    file = folder / "literature" / "one-2020.yaml"
    file.write_text(file.read_text().replace("waivers:", "# why it is waived\nwaivers:"))

    def change(book: Workbook) -> None:
        cell_of(book, COURSES, "response").value = "SD"

    done, _ = forced(folder, change)
    assert done.exit_code == 0
    assert "# why it is waived\nwaivers:" in file.read_text()
    assert "not filled in" not in file.read_text()


def test_the_order_of_rows_does_not_matter_and_a_fault_keeps_its_cell(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course("PR")), patient(course("PD"), id="P2")))

    def swapped(book: Workbook) -> None:
        sheet = book[COURSES]
        for at in range(1, sheet.max_column + 1):
            first, second = sheet.cell(2, at), sheet.cell(3, at)
            first.value, second.value = second.value, first.value

    path = edited(exported(folder), swapped)
    assert run("import", path, folder=folder).output == "1 report as in the review\n"

    def wrong(book: Workbook) -> None:
        cell_of(book, COURSES, "response", 2).value = "XX"

    done = run("import", edited(path, wrong), folder=folder)
    assert "cases.xlsx:2:" in done.output
    assert "'XX' is not one of" in done.output


def test_a_file_that_could_not_be_read_again_is_not_written(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course(response_as_stated="made up " * 500))))

    def many(book: Workbook) -> None:
        row = [cell.value for cell in book[COURSES][2]]
        for _ in range(300):
            book[COURSES].append(row)

    path = edited(exported(folder), many)
    (folder / "literature" / "one-2020.yaml").unlink()
    done = run("import", path, folder=folder)
    assert done.exit_code == 1
    assert "at most 1,048,576 are read" in done.output
    assert not (folder / "literature" / "one-2020.yaml").exists()


def test_what_was_written_is_checked_whatever_else_is_wrong(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course("PR"))), report("two-2020", patient(course("SD"))))
    path = exported(folder)
    for each in (folder / "literature").iterdir():
        each.unlink()

    def change(book: Workbook) -> None:
        cell_of(book, COURSES, "response").value = "XX"
        cell_of(book, COURSES, "age", 3).value = 150

    done = run("import", edited(path, change), folder=folder)
    assert done.exit_code == 1
    assert "'XX' is not one of" in done.output
    assert "literature/two-2020.yaml" in done.output
    assert "error[" in done.output.split("two-2020.yaml", 2)[-1]
