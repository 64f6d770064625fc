"""Each damaged or odd workbook is read as it is meant, or told; in a cohort, beside a case file, and as studies."""

from __future__ import annotations

from pathlib import Path

from workbooks import sound, workbooks

from metaimt.casefiles.library import read_files
from metaimt.casefiles.patient_table import read_patient_table
from metaimt.casefiles.studies import UnreadableStudies, read_studies
from metaimt.checks import examine

MAPPING = "# Made up.\ntable: t.xlsx\ncolumns: {id: id, age: age, sex: sex}\n"
CASE = """# Made up.
report: {id: example-2020, title: A made-up series, year: 2020, design: case_series, doi: 10.1000/x}
extraction: {depth: full_text, by: reader-1, date: "2026-11-23"}
table: t.xlsx
"""
AS_TYPED = [("P1", 30.0), ("P2", 31.0)]
OTHERWISE = {  # what is read without a word, since the cell says it
    "number b''": [("P1", None), ("P2", 31.0)],
    "number b'\\xd9\\xa3'": [("P1", 3.0), ("P2", 31.0)],  # an Arabic three
}


def test_the_sound_one_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, sound()) == (AS_TYPED, False)


def read(folder: Path, content: bytes) -> tuple[list[tuple[str, float | None]], bool]:
    """The patients, and whether anything is told."""
    (folder / "t.mapping.yaml").write_text(MAPPING)
    (folder / "t.xlsx").write_bytes(content)
    table = read_patient_table(folder / "t.mapping.yaml")
    return [(patient.id, patient.age) for patient in table.patients], bool(table.problems)


def test_no_number_changes_without_a_word_and_nothing_is_raised(tmp_path: Path) -> None:
    (tmp_path / "example-2020.yaml").write_text(CASE)
    names = set()
    for name, content in workbooks():
        names.add(name)
        patients, told = read(tmp_path, content)
        assert told or patients == OTHERWISE.get(name, AS_TYPED), name
        beside = examine(read_files([tmp_path / "example-2020.yaml"]), whole=False).problems
        assert not told or any(problem.file.endswith("t.xlsx") for problem in beside), name
        try:
            read_studies(tmp_path / "t.xlsx")
        except UnreadableStudies as error:
            assert error.problems, name
    assert len(names) >= 120
