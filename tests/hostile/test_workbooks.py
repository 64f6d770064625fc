"""Each damaged or odd workbook is read as it is meant, or told; in a cohort, beside a case file, and as studies."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from workbooks import floods, sound, without_floods

from metaimt.casefiles import tables
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


def none_changes_without_a_word(folder: Path, corpus: Iterable[tuple[str, bytes]]) -> int:
    """How many there were; of each, a number that is not as typed is told, and nothing is raised."""
    (folder / "example-2020.yaml").write_text(CASE)
    names = set()
    for name, content in corpus:
        names.add(name)
        patients, told = read(folder, content)
        assert told or patients == OTHERWISE.get(name, AS_TYPED), name
        beside = examine(read_files([folder / "example-2020.yaml"]), whole=False).problems
        assert not told or any(problem.file.endswith("t.xlsx") for problem in beside), name
        try:
            read_studies(folder / "t.xlsx")
        except UnreadableStudies as error:
            assert error.problems, name
    return len(names)


def test_no_number_changes_without_a_word_and_nothing_is_raised(tmp_path: Path) -> None:
    assert none_changes_without_a_word(tmp_path, without_floods()) >= 120


def test_a_small_flood_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_UNPACKED", 5 * 1024**2)
    for name, content in floods(6, 2, 20_000):
        assert read(tmp_path, content)[1], name
    assert none_changes_without_a_word(tmp_path, floods(6, 2, 20_000)) == 3


@pytest.mark.slow
def test_a_flood_is_told(tmp_path: Path) -> None:
    assert none_changes_without_a_word(tmp_path, floods(600, 100, 200_000)) == 3
