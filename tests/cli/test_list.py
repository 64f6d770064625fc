"""`metaimt list`, and the ways in which `metaimt show` is told which report is meant."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from command import FINE, WRONG_USE, Done, metaimt
from conftest import course, patient, report, write_review

pytestmark = pytest.mark.usefixtures("remembered")
HOSTILE = "\u202ered"


def told(name: str, *patients: dict[str, Any], **publication: Any) -> dict[str, Any]:
    entry = report(name, *patients)
    entry["report"] |= publication
    return entry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Mossé wrote two reports, one of them in two lines; Smith's patient had no readable response."""
    return write_review(
        tmp_path / "cases",
        told(
            "mosse-2013", patient(course("PR"), course("SD", drug="alectinib"), site="lung"), authors="Mossé YP, Lim M"
        ),
        told("mosse-2017", patient(course("SD")), authors="Mossé YP, Voss SD", doi="10.1000/made.up", pmid="28787259"),
        told("smith-2020", patient(course(None)), authors="Smith AB", title=HOSTILE),
    )


def listed(folder: Path, *words: str) -> Done:
    done = metaimt("list", "--cases", folder, *words)
    assert done.returncode == FINE, done.stderr
    return done


def rows(folder: Path, *words: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(listed(folder, *words, "--format", "csv").stdout)))


def test_every_report_with_its_patients_and_where_they_count(folder: Path) -> None:
    lines = [" ".join(line.split()) for line in listed(folder).stdout.splitlines()]
    assert lines[:4] == [
        "id report design r/n counted in",
        "mosse-2013 Mossé 2020a case 1/1 strict, all evidence, later lines 0/1",
        "mosse-2017 Mossé 2020b case 0/1 strict, all evidence",
        "smith-2020 Smith 2020 case 0/0 none: response not readable",
    ]
    found = rows(folder)
    assert [(each["id"], each["responders"], each["evaluable"], each["strict_evaluable"]) for each in found] == [
        ("mosse-2013", "1", "1", "1"),
        ("mosse-2017", "0", "1", "1"),
        ("smith-2020", "0", "0", "0"),
    ]
    published = json.loads(listed(folder, "--format", "json").stdout)["reports"]
    assert [each["counted_in"] for each in published] == [each["counted_in"] for each in found]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--drug", "alectinib"], [("mosse-2013", "0", "1")]),
        (["--pool", "later-lines"], [("mosse-2013", "0", "1")]),
        (["--pool", "strict"], [("mosse-2013", "1", "1"), ("mosse-2017", "0", "1")]),
        (["--where", "site=lung"], [("mosse-2013", "1", "1")]),
        (["--where", "site=not reported", "--pool", "strict"], [("mosse-2017", "0", "1")]),
        (["--drug", "alectinib", "--pool", "strict"], []),
    ],
)
def test_options_choose_courses_and_count_their_patients(
    words: list[str], found: list[tuple[str, str, str]], folder: Path
) -> None:
    assert [(each["id"], each["responders"], each["evaluable"]) for each in rows(folder, *words)] == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--drug", "alectinb"], "did you mean alectinib?"),
        (["--pool", "strikt"], "did you mean strict?"),
        (["--where", "lung"], "write --where site=lung"),
        (["--where", "site=lungs"], "did you mean lung?"),
        (["--where", "sites=lung"], "did you mean site?"),
    ],
)
def test_a_mistyped_option_is_told_with_the_nearest(words: list[str], said: str, folder: Path) -> None:
    done = metaimt("list", "--cases", folder, *words)
    assert (done.returncode, said in done.stderr) == (WRONG_USE, True), done.stderr


def test_errors_in_a_file_leave_the_others_listed(folder: Path) -> None:
    (folder / "literature" / "broken-2021.yaml").write_text("[]", encoding="utf-8")
    done = listed(folder)
    assert "mosse-2013" in done.stdout and "1 error in the review" in done.stderr


def test_the_list_is_safe_and_fits_80_columns(folder: Path) -> None:
    said = listed(folder).stdout + metaimt("show", "2020", "--cases", folder).stdout
    assert "\u202e" not in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize(
    "wanted",
    [
        *(
            "mosse-2017",
            "10.1000/made.up",
            "https://doi.org/10.1000/MADE.UP",
            "https://doi.org/10.1000/made.up/fulltext",
        ),
        *(
            "28787259",
            "PMID: 28787259",
            "https://pubmed.ncbi.nlm.nih.gov/28787259/",
            "Voss",
            "mosse 2017",
            "Mossé Voss",
        ),
    ],
)
def test_a_report_is_shown_by_whatever_names_it_alone(wanted: str, folder: Path) -> None:
    done = metaimt("show", wanted, "--cases", folder)
    assert done.returncode == FINE, done.stderr
    assert done.stdout.startswith("mosse-2017")


def test_of_several_each_is_listed_and_of_none_it_says_what_to_type(folder: Path) -> None:
    several = metaimt("show", "Mosse", "--cases", folder)
    assert several.returncode == WRONG_USE
    assert [line.split(":")[0] for line in several.stdout.splitlines()] == ["mosse-2013", "mosse-2017"]
    assert "metaimt show mosse-2013" in several.stderr
    none = metaimt("show", "Nobody", "--cases", folder)
    assert none.returncode == WRONG_USE
    assert "give an id, a DOI, a PMID or an author; metaimt list shows all" in none.stderr
