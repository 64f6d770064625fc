"""Every table and column is described, once and truly: datapackage.json against the profile, by frictionless.

The cohort tables of survival are those of a made-up patient table: the frozen review has none.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from conftest import ROOT
from described_tables import faults

from metaimt.analyses.cohort import cohort_of_table
from metaimt.analyses.results import Results
from metaimt.casefiles.patient_table import read_patient_table
from metaimt.casefiles.protocol import Protocol
from metaimt.model.fields import BY_NAME
from metaimt.report.cohort_tables import review_tables
from metaimt.report.dictionary import _FORMS, data_package, described, descriptions, reading_order, table_rows

HOSTILE = "=cmd\x07 <b> \u202e"


@pytest.fixture(scope="module")
def columns(outputs: Path) -> dict[str, list[str]]:
    """The columns of every table that there is."""
    table = read_patient_table(ROOT / "examples" / "cohort" / "patients.mapping.yaml")
    tables = {Path(name).stem: text for name, text in review_tables([cohort_of_table(table)]).items()}
    tables |= {path.stem: path.read_text(encoding="utf-8") for path in outputs.glob("tables/*.csv")}
    return {name: table_rows(text)[0] for name, text in tables.items()}


def test_every_table_is_described_and_its_values_are_of_the_types_described(outputs: Path) -> None:
    assert faults(outputs) == []


def test_no_description_is_of_a_table_or_column_that_there_is_not(columns: dict[str, list[str]]) -> None:
    said = descriptions()
    assert set(said["tables"]) == set(columns)

    def is_there(column: str, names: list[str]) -> bool:
        return any(name == column or (column.endswith("*") and name.startswith(column[:-1])) for name in names)

    for table, told in said["tables"].items():
        for holds, own in told.get("columns", {}).items():
            assert holds in _FORMS
            assert [name for name in own if not is_there(name, columns[table])] == [], table
    taken = {
        name
        for table, names in columns.items()
        for name in names
        if not any(name in own for own in said["tables"][table].get("columns", {}).values())
    }
    common = [name for each in said["columns"].values() for name in each]
    assert set(common) <= taken
    assert len(common) == len(set(common))
    assert all(described(table, names).columns for table, names in columns.items())


def test_a_table_is_found_in_its_place_and_under_its_name() -> None:
    assert reading_order(["units", "made-up", "pools"]) == ["pools", "units", "made-up"]
    unknown = described("made-up", ["pool", "what"])
    assert (unknown.sheet, unknown.holds) == ("Made up", "pool, what")
    assert [bool(each.means) for each in unknown.columns] == [True, False]
    (own,) = described("units", ["not_in_strict"]).columns
    assert own.means.startswith("Why the pool of this name")
    further = described("units", ["fusion_gene"]).columns[0]
    assert further.means == f"{BY_NAME['fusion_gene'].label}."


def test_the_package_says_what_the_protocol_says_and_no_hour(outputs: Path, shipped: Results) -> None:
    text = (outputs / "tables" / "datapackage.json").read_text(encoding="utf-8")
    found = json.loads(text)
    assert (found["title"], found["version"]) == (shipped.protocol.title, shipped.protocol.version)
    assert "created" not in found and str(date.today().year) + "-" not in text
    assert "licenses" not in found, "the frozen protocol has none"


def test_words_of_a_protocol_are_shown_and_not_obeyed(shipped: Results) -> None:
    protocol = shipped.protocol.model_copy(update={"title": HOSTILE, "licence": "CC-BY-4.0", "authors": (HOSTILE,)})
    assert isinstance(protocol, Protocol)
    text = data_package(protocol, {"tables/x.csv": "n\n2\n", "tables/empty.csv": ""})
    assert "\x07" not in text and "\u202e" not in text
    found = json.loads(text)
    assert found["licenses"] == [{"name": "CC-BY-4.0"}]
    assert [each["name"] for each in found["resources"]] == ["x"]
