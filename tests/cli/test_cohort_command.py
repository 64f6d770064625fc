"""`metaimt cohort` as a user runs it. Everybody in the tables is made up."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from command import Done, metaimt
from conftest import FROZEN, ROOT

EXAMPLE = str(ROOT / "examples" / "cohort" / "patients.csv")


def run(*words: str, cwd: Path = FROZEN) -> Done:
    return metaimt("cohort", *words, cwd=cwd)


@pytest.fixture(scope="module")
def example() -> str:
    done = run(EXAMPLE, "--losses-as-deaths", "--penalised")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_example_fits_the_terminal_and_has_every_part(example: str) -> None:
    assert max(map(len, example.splitlines())) <= 80
    for part in ("Table 1", "ALK positivity", "Symptoms by marker status", "Treatment", "Overall survival"):
        assert f"\n{part}\n" in example
    for part in ("Survival by group", "Univariable Cox regression", "!! NOT the survival of this cohort"):
        assert part in example
    assert "64 rows read: 64 analysed, 0 rejected." in example


def test_the_numbers_of_the_example_are_those_of_its_table(example: str) -> None:
    rows = list(csv.DictReader(io.StringIO(Path(EXAMPLE).read_text(encoding="utf-8"))))
    dead = sum(row["Status"] == "dead" for row in rows)
    assert f"64 patients, {dead} deaths;" in example
    positive = sum(row["ALK IHC"] == "pos" for row in rows)
    tested = sum(row["ALK IHC"] != "" for row in rows)
    assert f"{positive}/{tested}" in example


def test_a_mapping_and_its_table_give_the_same() -> None:
    assert run(EXAMPLE.replace(".csv", ".mapping.yaml")).stdout == run(EXAMPLE).stdout


def test_json_and_csv() -> None:
    done = run("you-2024", "--format", "json")
    (cohort,) = json.loads(done.stdout)["cohorts"]
    assert (cohort["patients"], cohort["positivity"][0]["overall"]["responders"]) == (74, 18)
    assert cohort["survival"] == {"not_run": "published counts hold no times of single patients"}
    table = list(csv.DictReader(io.StringIO(run(EXAMPLE, "--format", "csv").stdout)))
    assert {row["table"] for row in table} == {"description", "positivity", "symptoms", "survival", "log-rank", "cox"}
    assert any(row["what"] == "margin: not R0" and float(row["estimate"]) > 1 for row in table if row["table"] == "cox")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nobody-2020",), "nobody-2020 is no file and no report; reports with one: you-2024"),
        (("ambati-2018",), "ambati-2018 is a report without a cohort"),
        (("none.csv",), "none.csv does not exist"),
        (("you-2024", "--mapping", "x.yaml"), "--mapping is for a table"),
        (("README.md",), "how README.md is to be read is not known; write README.mapping.yaml, or name"),
        ((EXAMPLE.replace(".csv", ".mapping.yaml"), "--mapping", "x"), "is a mapping itself"),
        (("README.md", "--draft"), "--draft is for a table (.csv, .tsv, .txt, .xlsm, .xlsx)"),
        ((EXAMPLE, "--draft"), "patients.mapping.yaml is already there"),
        ((EXAMPLE, "--draft", "--out", "x"), "--draft writes a mapping"),
        (("none.csv", "--draft"), "none.csv: No such file"),
        ((EXAMPLE, "--out", "cases"), "holds files that metaimt did not write"),
    ],
)
def test_wrong_use(words: tuple[str, ...], message: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


MAPPING = "columns: {id: No, followup: Months, outcome: Outcome}\n"


def write(folder: Path, *rows: str, heading: str = "No,Months,Outcome", mapping: str = MAPPING) -> Path:
    (folder / "t.mapping.yaml").write_text(mapping)
    (folder / "t.csv").write_text("\n".join([heading, *rows]) + "\n")
    return folder / "t.csv"


def test_rejected_rows_are_listed_and_end_with_1(tmp_path: Path) -> None:
    path = write(tmp_path, "P1,12,alive", "P2,-1,dead", "P3,12,gone")
    done = run(str(path), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "3 rows read: 1 analysed, 2 rejected." in done.stdout
    assert "row 3 (P2): B3 Months: -1 months is not between 0 and 1200" in done.stdout
    assert f"{path.as_posix()}:4:3: error[patient-value]" in done.stderr
    assert done.stderr.endswith("2 of 3 rows rejected; the others were analysed\n")
    listed = (tmp_path / "out" / "tables" / "rejected.csv").read_text(encoding="utf-8")
    rejected = list(csv.DictReader(io.StringIO(listed)))
    assert [(row["row"], row["id"]) for row in rejected] == [("3", "P2"), ("4", "P3")]


def test_nothing_is_written_for_an_unreadable_table(tmp_path: Path) -> None:
    path = write(tmp_path, "Jane Doe,1,alive", heading="Patient name,Months,Outcome")
    done = run(str(path), "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "identifying-column" in done.stderr
    assert "Jane" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_formulas_and_escapes_of_a_table_do_nothing(tmp_path: Path) -> None:
    """A site label is a term, so what is typed by people reaches outputs only as title, headings and symptom names."""
    mapping = (
        'title: "=HYPERLINK(\\"x\\")"\ncolumns:\n  id: No\n  ihc: {"+ALK": "=A1"}\n'
        '  symptoms: {"=cmd|calc": S}\n  treatment: {"@x": S}\n'
    )
    path = write(tmp_path, "P1,positive,yes,\x1b[31m", "P2,negative,no,", heading="No,=A1,S,R\x1bx", mapping=mapping)
    done = run(str(path), "--out", str(tmp_path / "out"))
    assert "\x1b" not in done.stdout + done.stderr
    for table in (tmp_path / "out" / "tables").glob("*.csv"):
        for row in csv.reader(io.StringIO(table.read_text(encoding="utf-8"))):
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_out_is_the_same_bytes_and_has_tables_and_figures(usual: Path, tmp_path: Path) -> None:
    assert run(EXAMPLE, "--out", str(tmp_path / "two"), "--losses-as-deaths").returncode == 0
    files = {path.relative_to(usual).as_posix() for path in usual.rglob("*.*")}
    assert {"results.json", "cohort.txt", "tables/cox.csv", "tables/survival.csv", "figures/survival.svg"} <= files
    assert {"figures/survival-by-margin.png", "figures/survival-if-losses-were-deaths.svg"} <= files
    for name in files:
        assert (usual / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is written when nothing fails."""
    out = tmp_path_factory.mktemp("usual") / "out"
    assert run(EXAMPLE, "--out", str(out), "--losses-as-deaths").returncode == 0
    return out


LOST = {
    "metaimt.report.cohort_tables.section_text": {"cohort.txt"},
    "metaimt.report.cohort_tables.csv_text": "tables/",
    "metaimt.figures.cohort.cohort_figures": "figures/",
}


@pytest.mark.parametrize("where", LOST)
def test_what_cannot_be_made_loses_its_own_output_only(
    where: str, usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def fails(*_: object, **__: object) -> None:
        raise ValueError("a made-up mistake")

    monkeypatch.setattr(where, fails)
    done = run(EXAMPLE, "--out", str(out), "--losses-as-deaths", "--format", "json")
    assert done.returncode == 1
    files = [{path.relative_to(each).as_posix() for path in each.rglob("*") if path.is_file()} for each in (usual, out)]
    part = LOST[where]
    expected = {name for name in files[0] if name.startswith(part)} if isinstance(part, str) else part
    assert expected and files[0] - files[1] == expected
    assert "could not be made: ValueError: a made-up mistake" in done.stderr


def test_a_draft_and_the_command_that_says_what_is_left(tmp_path: Path) -> None:
    """Headings of patients.csv, all recognised; the codes of two sites are nobody's guess."""
    (tmp_path / "t.csv").write_bytes(Path(EXAMPLE).read_bytes())
    without = run(str(tmp_path / "t.csv"))
    assert (without.returncode, "(metaimt cohort --draft " in without.stderr) == (2, True)
    done = run(str(tmp_path / "t.csv"), "--draft")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Written: {(tmp_path / 't.mapping.yaml').as_posix()}, 19 of 19 columns mapped\n" in done.stdout
    before = (tmp_path / "t.mapping.yaml").read_bytes()
    assert run(str(tmp_path / "t.csv"), "--draft").returncode == 2
    assert (tmp_path / "t.mapping.yaml").read_bytes() == before
    read = run(str(tmp_path / "t.csv"))
    assert read.returncode == 1
    assert [line for line in read.stderr.splitlines() if "Site: 'Head/neck'" in line and "in 18 more rows" in line]
    text = before.decode().replace("#    codes:", "    codes:")
    for code, term in (("Head/neck", "head_and_neck"), ("Limbs/trunk", "limbs_and_trunk")):
        text = text.replace(f'#      "{code}":', f'      "{code}": {term}')
    (tmp_path / "t.mapping.yaml").write_text(text, encoding="utf-8")
    assert "64 rows read: 64 analysed, 0 rejected." in run(str(tmp_path / "t.csv")).stdout


def test_a_table_that_sums_up_keeps_its_patients(tmp_path: Path) -> None:
    path = write(tmp_path, "P1,12,alive", "P2,3,dead", "Total,,")
    done = run(str(path))
    assert done.returncode == 1
    assert "3 rows read: 2 analysed, 1 rejected." in done.stdout
    assert "error[summary-row] A4 No: 'Total' sums up other rows and is no patient" in done.stderr


def test_which_sheet_was_read_is_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book["Sheet"].sheet_state = "hidden"
    for cells in (["No", "Months", "Outcome"], ["P1", 12, "alive"]):
        book["Sheet"].append(cells)
        (book["Data"] if "Data" in book.sheetnames else book.create_sheet("Data")).append(cells)
    book.save(tmp_path / "t.xlsx")
    (tmp_path / "t.mapping.yaml").write_text(MAPPING)
    done = run(str(tmp_path / "t.xlsx"))
    assert "1 row read: 1 analysed, 0 rejected. Sheet 'Data' is read; not read: Sheet\n(hidden)." in done.stdout
    reading = json.loads(run(str(tmp_path / "t.xlsx"), "--format", "json").stdout)["cohorts"][0]["reading"]
    assert reading["notes"] == ["sheet 'Data' is read; not read: Sheet (hidden)"]
